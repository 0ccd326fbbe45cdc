import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHypervisor, type Hypervisor, type VmDescription } from '../index.js';

/** Beginnings of images; the rest is never looked at. */
function head(write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(0x1000);
  write(new DataView(bytes.buffer));
  return bytes;
}
const elf = (machine: number): Uint8Array =>
  head((view) => {
    view.setUint32(0, 0x7f45_4c46);
    view.setUint8(4, 2);
    view.setUint16(18, machine, true);
  });
const bzImage = head((view) => {
  view.setUint16(0x1fe, 0xaa55, true);
  view.setUint32(0x202, 0x5372_6448, true);
  view.setUint16(0x206, 0x20f, true);
});
const arm64 = head((view) => view.setUint32(0x38, 0x644d_5241, true));
const zboot = head((view) => {
  view.setUint32(0, 0x5a4d);
  view.setUint32(4, 0x676d_697a, true);
});

const IMAGES: readonly (readonly [string, Uint8Array, 'aarch64' | 'x86_64'])[] = [
  ['a bzImage', bzImage, 'x86_64'],
  ['an ELF file for x86_64', elf(62), 'x86_64'],
  ['an ELF file for i386', elf(3), 'x86_64'],
  ['an arm64 Image', arm64, 'aarch64'],
  ['an arm64 Image as EFI zboot', zboot, 'aarch64'],
  ['an ELF file for AArch64', elf(183), 'aarch64'],
  ['an unknown file', new Uint8Array(10), 'aarch64'],
  ['an empty file', new Uint8Array(0), 'aarch64'],
];

describe('a VM that names no architecture', () => {
  let folder: string;
  let hypervisor: Hypervisor;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'qvm-image-'));
    hypervisor = createHypervisor();
  });
  afterAll(async () => {
    await hypervisor.dispose();
    rmSync(folder, { recursive: true });
  });

  const configured = (image: Uint8Array, more = {}): string => {
    writeFileSync(join(folder, 'image'), image);
    const file = join(folder, 'vm.qvmconf');
    writeFileSync(file, JSON.stringify({ name: 'vm', image: 'image', ram: [{ size: '64M' }], ...more }));
    return file;
  };

  it.each(IMAGES)('has that of its image: %s', async (_what, image, arch) => {
    const { vms } = await hypervisor.loadConfigs([configured(image)]);
    expect(vms.map((spec) => spec.arch)).toEqual([arch]);
  });

  it('has the default without an image', async () => {
    const { vms } = await hypervisor.loadConfigs([configured(bzImage, { image: 'other' })]);
    expect(vms.map((spec) => spec.arch)).toEqual(['aarch64']);
  });

  it('is of the architecture that it names', async () => {
    const { vms } = await hypervisor.loadConfigs([configured(bzImage, { arch: 'aarch64' })]);
    expect(vms.map((spec) => spec.arch)).toEqual(['aarch64']);
  });

  const outcome = async (more: Partial<VmDescription>): Promise<string> => {
    const image = { name: 'bzImage', bytes: bzImage };
    const { findings } = await hypervisor.checkVm({ name: 'vm', image, ram: [{ size: '64M' }], ...more });
    return findings.map(({ message }) => message).join('\n');
  };

  it('is checked and made for it, also from a description with an image in memory', async () => {
    expect(await outcome({})).not.toContain('not an arm64 image');
    expect(await outcome({ arch: 'aarch64' })).toContain('is an x86 Linux kernel (bzImage), not an arm64 image');
    const { findings } = await hypervisor.checkVm({ configFile: configured(bzImage) });
    expect(findings.map(({ message }) => message).join('\n')).not.toContain('not an arm64 image');
  });
});
