import { createHypervisor, MemoryFileSource, type Hypervisor, type VmCheck } from './index.js';

/** The vdevs of a PC in configurations of both forms, at their usual places and at others. */

/** An ELF file for x86_64 that does nothing: one instruction, HLT, at 1 MiB. */
function image(): Uint8Array {
  const bytes = new Uint8Array(0x79);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f45_4c46);
  bytes.set([2, 1, 1], 4);
  view.setUint16(16, 2, true);
  view.setUint16(18, 62, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, 0x10_0000n, true);
  view.setBigUint64(32, 64n, true);
  [64, 56, 1].forEach((value, index) => view.setUint16(52 + 2 * index, value, true));
  view.setUint32(64, 1, true);
  view.setUint32(68, 5, true);
  [0x78n, 0x10_0000n, 0x10_0000n, 1n, 1n, 1n].forEach((value, index) => view.setBigUint64(72 + 8 * index, value, true));
  bytes[0x78] = 0xf4;
  return bytes;
}

let hypervisor: Hypervisor;
beforeAll(() => {
  hypervisor = createHypervisor({ hostFiles: new MemoryFileSource([['vm.img', image()]]) });
});
afterAll(() => hypervisor.dispose());

const json = (...vdev: readonly (readonly [type: string, config?: string])[]): string =>
  JSON.stringify({
    name: 'pc',
    image: 'vm.img',
    ram: [{ size: '64M' }],
    vdev: vdev.map(([type, config]) => (config === undefined ? { type } : { type, config })),
  });
const line = (words: string): string => `system pc ram 64M load vm.img ${words}`;
const check = (configText: string): Promise<VmCheck> => hypervisor.checkVm({ configText });

/** Addresses and ports by the name of the vdev. */
async function placesOf(configText: string): Promise<Readonly<Record<string, unknown>>> {
  const vm = await hypervisor.createVm({ configText });
  const places = vm.vdevs.map(({ name, place: { registers, ports, interrupts } }) => [
    name,
    [...[...registers, ...ports].map(({ base }) => base), ...interrupts.map(({ number }) => number)],
  ]);
  await vm.dispose();
  return Object.fromEntries(places) as Readonly<Record<string, unknown>>;
}

const USUAL = {
  'ioapic-0': [0xfec0_0000],
  'pic-0': [0x20, 0xa0, 0x4d0],
  'ps2-0': [0x60, 0x64, 1, 12],
  'ser8250-0': [0x3f8, 4],
};

describe('a PC in a configuration', () => {
  it('has the vdevs of QNX’s names, without options', async () => {
    const names = ['ioapic', 'pic', 'ps2', 'ser8250'];
    const text = json(...names.map((name): readonly [string] => [`qvm-vdev-${name}`]));
    expect((await check(text)).findings).toEqual([]);
    expect(await placesOf(text)).toMatchObject(USUAL);
  });

  it.each([
    [
      'JSON',
      json(
        ['qvm-vdev-ioapic', 'base=0xfec00000'],
        ['qvm-vdev-pic', 'ports=0x20'],
        ['qvm-vdev-ps2', 'ports=0x60,irq=1'],
        ['ser8250', 'ports=0x3f8,irq=4'],
      ),
    ],
    [
      'JSON, with base for ports',
      json(
        ['ioapic', 'base=0xfec00000'],
        ['pic', 'base=0x20'],
        ['ps2', 'base=0x60,irq=1'],
        ['ser8250', 'base=0x3f8,irq=4'],
      ),
    ],
    [
      'lines',
      line(
        'vdev ioapic loc 0xfec00000 intr apic vdev pic loc io:0x20 vdev ps2 loc io:0x60 intr ioapic:1 vdev ser8250 loc io:0x3f8 intr ioapic:4',
      ),
    ],
    [
      'lines, as QNX has them',
      line(
        'vdev vdev-ioapic.so loc mem:0xfec00000 name ioapic-0 vdev pic loc 0x20 vdev ps2 loc 0x60 intr 8259:1 vdev ser8250 loc 0x3f8 intr ioapic-0:4',
      ),
    ],
  ])('takes the usual places in %s', async (_form, text) => {
    const { findings } = await check(text);
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(await placesOf(text)).toMatchObject(USUAL);
  });

  it.each([
    [
      'JSON',
      json(['ser8250', 'ports=0x2e8,irq=10,hostdev=null'], ['hpet', 'base=0xfed10000,irq=22'], ['rtc', 'ports=0x74']),
    ],
    [
      'lines',
      line(
        'vdev ser8250 loc io:0x2e8 intr ioapic:10 hostdev null vdev hpet loc 0xfed10000 intr ioapic:22 vdev rtc loc io:0x74',
      ),
    ],
  ])('takes other places in %s', async (_form, text) => {
    expect(await placesOf(text)).toMatchObject({
      'ser8250-0': [0x2e8, 10],
      'hpet-0': [0xfed1_0000, 22],
      'rtc-0': [0x74, 8],
    });
  });

  it('places PCI functions, and shared memory among them', async () => {
    const vm = await hypervisor.createVm({
      configText: line(
        'vdev virtio-entropy loc pci:0:30.0 vdev shmem name r size 64K role server paddr 0x70000000 vdev vga pci 2.0',
      ),
    });
    const status = Object.fromEntries(vm.vdevs.map((vdev) => [vdev.type, vdev.status()['pci']]));
    expect(status).toMatchObject({ 'virtio-entropy': '00:1e.0', shmem: '00:01.0', vga: '00:02.0' });
    await vm.dispose();
  });

  it.each([
    [
      'an address without registers',
      json(['pic', 'base=0x20,irq=3']),
      'raises no interrupt by number, so it takes no irq',
    ],
    ['ports that are taken', json(['ser8250', 'ports=0x60,hostdev=null'], ['ps2']), 'overlaps'],
    ['a place on the bus that is taken', line('vdev vga pci 3.0 vdev shmem loc pci:3'), 'belongs to vga-0'],
    ['registers of a PCI function', json(['virtio-net', 'pci=4.0,base=0xfe000000']), 'are where the guest puts them'],
    ['two displays', line('vdev vga vdev ramfb'), 'offers @qvm/core/Display, which is there already'],
  ])('is refused with %s', async (_what, text, message) => {
    const { findings, exitCode } = await check(text);
    expect(findings.map((finding) => finding.message).join('\n')).toContain(message);
    expect(exitCode).not.toBe(0);
  });
});
