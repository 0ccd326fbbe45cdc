import { ConfigError, findingAt, sourceOf, type Finding, type SourceLocation, type VmSpec } from '@qvm/config';
import type { BootFile, DataFile } from '@qvm/core/architecture';
import type { BootFiles } from '@qvm/core/host';
import { FileSourceError, type FileSource } from '../host/file-source.js';
import type { HypervisorHost } from '../host/hypervisor-host.js';
import type { Findings } from './collect.js';
import type { DescribedVm } from './vm-description.js';

type FileField = 'image' | 'dtb' | 'initrd';

/** Largest accepted device tree. Its size field has 32 bits, but no real tree is larger than this. */
const MAX_DEVICE_TREE = 0x100_0000;

/** Reads the files that the guest boots from. Failures are added to `findings`; there is no result then. */
export async function readBootFiles(
  { spec, files }: DescribedVm,
  { files: source, unpacked, translations }: Pick<HypervisorHost, 'files' | 'unpacked' | 'translations'>,
  findings: Findings,
): Promise<BootFiles | undefined> {
  // A file larger than all RAM cannot be loaded: it is refused before it fills the host's memory.
  const ramBytes = spec.ram.reduce((sum, { size }) => sum + size, 0);
  const reader = new BootFileReader(spec, source, findings);
  const read = (field: FileField, limit: number): Promise<BootFile | undefined> =>
    files[field] === undefined ? reader.field(field, limit) : Promise.resolve(files[field]);
  // An image setting that is invalid has been reported already.
  if (spec.image === undefined && spec.source?.fields.image === undefined) findings.add(noImage(spec));
  const image = await read('image', ramBytes);
  const initrd = await read('initrd', ramBytes);
  const deviceTree = await read('dtb', Math.min(ramBytes, MAX_DEVICE_TREE));
  const romBytes = (spec.rom ?? []).reduce((sum, { size }) => sum + size, 0);
  const data = await reader.data(Math.max(ramBytes, romBytes));
  if (image === undefined) return undefined;
  return {
    image,
    ...(spec.entry === undefined ? {} : { entry: spec.entry }),
    ...(initrd === undefined ? {} : { initrd }),
    ...(deviceTree === undefined ? {} : { deviceTree }),
    ...(spec.cmdline === undefined ? {} : { commandLine: spec.cmdline }),
    ...(data.length === 0 ? {} : { data }),
    ...(unpacked === undefined ? {} : { unpacked }),
    ...(translations === undefined ? {} : { translations }),
  };
}

function noImage(spec: VmSpec): Finding {
  const message = `the VM ${spec.name} has no image to boot`;
  return findingAt(sourceOf(spec.source), 'error', 'config.no-image', message, 'name one by "image"');
}

class BootFileReader {
  constructor(
    private readonly spec: VmSpec,
    private readonly source: FileSource,
    private readonly findings: Findings,
  ) {}

  async field(field: FileField, limit: number): Promise<BootFile | undefined> {
    const path = this.spec[field];
    return path === undefined ? undefined : this.read(path, limit, field, sourceOf(this.spec.source, field));
  }

  /** The files that are copied into memory unchanged; `limit` bytes in total. */
  async data(limit: number): Promise<readonly DataFile[]> {
    const files: DataFile[] = [];
    let left = limit;
    for (const { file, address, source } of this.spec.load ?? []) {
      const read = await this.read(file, left, 'load', sourceOf(source, 'file'));
      if (read === undefined) continue;
      left -= read.bytes.length;
      files.push({ ...read, address });
    }
    return files;
  }

  private read(path: string, limit: number, key: string, at: SourceLocation): Promise<BootFile | undefined> {
    return this.findings.attempt(async () => {
      try {
        return { name: path, bytes: await this.source.read(path, limit) };
      } catch (error) {
        if (!(error instanceof FileSourceError)) throw error;
        // If the RAM settings are invalid, which has been reported, the available size is unknown.
        if (this.spec.ram.length === 0 && error.code === 'file.too-large') return undefined;
        throw new ConfigError([findingAt(at, 'error', error.code, `"${key}": ${error.message}`)]);
      }
    });
  }
}
