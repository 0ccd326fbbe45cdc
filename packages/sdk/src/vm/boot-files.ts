import { ConfigError, findingAt, sourceOf } from '@qvm/config';
import type { BootFile, BootFiles } from '@qvm/core';
import { FileSourceError, type FileSource } from '../host/file-source.js';
import type { Findings } from './collect.js';
import type { DescribedVm } from './vm-description.js';

type FileField = 'image' | 'dtb' | 'initrd';

/** A device tree's total size is 32 bits wide; no real one is larger than this. */
const MAX_DEVICE_TREE = 0x100_0000;

/**
 * Reads the files that the guest boots from. What cannot be read goes to `findings`; then there is no result.
 */
export async function readBootFiles(
  { spec, files }: DescribedVm,
  source: FileSource,
  findings: Findings,
): Promise<BootFiles | undefined> {
  // What is larger than all RAM cannot be loaded: refused before it fills the host's memory.
  const ramBytes = spec.ram.reduce((sum, { size }) => sum + size, 0);
  const read = (field: FileField, limit: number): Promise<BootFile | undefined> =>
    findings.attempt(() => files[field] ?? readFile(spec[field], field, limit));
  const readFile = async (path: string | undefined, field: FileField, limit: number): Promise<BootFile | undefined> => {
    if (path === undefined) return undefined;
    try {
      return { name: path, bytes: await source.read(path, limit) };
    } catch (error) {
      if (!(error instanceof FileSourceError)) throw error;
      const at = sourceOf(spec.source, field);
      throw new ConfigError([findingAt(at, 'error', error.code, `"${field}": ${error.message}`)]);
    }
  };
  const image = await read('image', ramBytes);
  const initrd = await read('initrd', ramBytes);
  const deviceTree = await read('dtb', Math.min(ramBytes, MAX_DEVICE_TREE));
  if (image === undefined) return undefined;
  return {
    image,
    ...(initrd === undefined ? {} : { initrd }),
    ...(deviceTree === undefined ? {} : { deviceTree }),
    ...(spec.cmdline === undefined ? {} : { commandLine: spec.cmdline }),
  };
}
