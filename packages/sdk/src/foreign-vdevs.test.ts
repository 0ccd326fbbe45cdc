import { ConfigError, formatFinding } from '@qvm/config';
import { elfProgram } from '@qvm/testing';
import { createHypervisor, MemoryFileSource } from './index.js';

/** HLT; and B to itself. */
const IMAGES = {
  x86_64: elfProgram('x86_64', 0x10_0000, Uint8Array.of(0xf4)),
  aarch64: elfProgram('aarch64', 0x4008_0000, Uint8Array.of(0, 0, 0, 0x14)),
} as const;

/** What `check` says of a VM, and that `createVm` refuses exactly what has an error. */
async function findingsOf(arch: keyof typeof IMAGES, text: string): Promise<readonly string[]> {
  const hostFiles = new MemoryFileSource([['vm.img', IMAGES[arch]]]);
  const hypervisor = createHypervisor({ hostFiles });
  const source = { configText: text, file: 'vm.qvmconf' };
  const { findings } = await hypervisor.checkVm(source);
  const created = hypervisor.createVm(source);
  if (findings.some(({ severity }) => severity === 'error')) await expect(created).rejects.toBeInstanceOf(ConfigError);
  else await (await created).dispose();
  await hypervisor.dispose();
  return findings.map(formatFinding);
}

const json = (arch: string, vdev: string, more = ''): string =>
  `{ "name": "vm", "arch": "${arch}", "image": "vm.img", "ram": [{ "size": "16M" }],${more}\n  "vdev": [${vdev}] }`;
const lines = (arch: string, words: string): string => `system vm arch ${arch} ram 16M load vm.img\n${words}\n`;

describe('a device of another architecture', () => {
  it.each<[keyof typeof IMAGES, string, string]>([
    ['x86_64', 'gic', "it is part of aarch64 processors, and the VM's are x86_64"],
    ['x86_64', 'timer', "it is part of aarch64 processors, and the VM's are x86_64"],
    ['aarch64', 'apic', "it is part of x86_64 processors, and the VM's are aarch64"],
    ['aarch64', 'ioapic', "it is part of x86_64 processors, and the VM's are aarch64"],
    ['aarch64', 'pic', "it is part of x86_64 processors, and the VM's are aarch64"],
    ['aarch64', 'pit', 'it has I/O ports, which aarch64 guests do not have'],
    ['aarch64', 'rtc', 'it has I/O ports, which aarch64 guests do not have'],
    ['aarch64', 'acpi-pm', 'it has I/O ports, which aarch64 guests do not have'],
    ['aarch64', 'debug-port', 'it has I/O ports, which aarch64 guests do not have'],
  ])('in an %s VM: %s is a finding at its type, in both forms', async (arch, type, why) => {
    const message = `The vdev ${type}-0 (${type}) is a device of another architecture: ${why}`;
    expect(await findingsOf(arch, json(arch, `{ "type": "${type}", "config": "name=${type}-0" }`))).toEqual([
      `vm.qvmconf:2:22: error: ${message}`,
    ]);
    expect(await findingsOf(arch, lines(arch, `vdev ${type}`))).toEqual([`vm.qvmconf:2:6: error: ${message}`]);
  });

  it.each<[keyof typeof IMAGES, string]>([
    ['aarch64', 'ps2'],
    ['aarch64', 'ser8250'],
    ['x86_64', 'ps2'],
    ['x86_64', 'ser8250'],
  ])('in an %s VM, %s is none', async (arch, type) => {
    expect(await findingsOf(arch, lines(arch, `vdev ${type}`))).toEqual([]);
  });
});

describe('vdevs of an x86_64 VM that are in conflict', () => {
  it.each<[string, string]>([
    [
      'vdev ser8250 intr ioapic:0',
      '2:26: error: The vdev ser8250-0 cannot share the interrupt 0 with pit-0: on the board pc, interrupts 0 to 15 have one source',
    ],
    [
      'vdev ser8250 vdev ser8250 hostdev null intr ioapic:4',
      '2:52: error: The vdev ser8250-1 cannot share the interrupt 4 with ser8250-0: on the board pc, interrupts 0 to 15 have one source',
    ],
    [
      'vdev ser8250 loc io:0x40',
      '2:21: error: ser8250-0 (ports 0x0040 to 0x0047) overlaps pit-0/counters (ports 0x0040 to 0x0043)',
    ],
    [
      'vdev ser8250 vdev ser8250 hostdev null loc io:0x3fc intr ioapic:5',
      '2:47: error: ser8250-1 (ports 0x03fc to 0x0403) overlaps ser8250-0 (ports 0x03f8 to 0x03ff)',
    ],
    ['vdev ser8250 loc io:0xfffc', '2:21: error: ser8250-0 has no valid range of I/O ports: first 65532, 8 of them'],
  ])('%s', async (words, finding) => {
    const found = await findingsOf('x86_64', lines('x86_64', words));
    expect(found).toEqual([expect.stringMatching(new RegExp(`^vm\\.qvmconf:${finding.replace(/[()]/g, '\\$&')}$`))]);
  });

  it('may share an interrupt of PCI, whose inputs see levels', async () => {
    const words = 'vdev ser8250 intr ioapic:20 vdev ser8250 hostdev null intr ioapic:20';
    expect(await findingsOf('x86_64', lines('x86_64', words))).toEqual([]);
  });
});

describe('the processor model of a VM', () => {
  it('is that of the configuration, in both forms', async () => {
    expect(await findingsOf('x86_64', json('x86_64', '', ' "cpumodel": "max,-pcid",'))).toEqual([]);
    expect(await findingsOf('x86_64', lines('x86_64', 'cpumodel qvm64,-invpcid'))).toEqual([]);
    expect(await findingsOf('aarch64', lines('aarch64', 'cpumodel generic'))).toEqual([]);
  });

  it.each<[keyof typeof IMAGES, string, readonly string[]]>([
    ['x86_64', 'x86-64-v4', ['there is no processor model "x86-64-v4"; did you mean "x86-64-v1"?']],
    ['x86_64', 'max,+ssse', ['processors have no feature "ssse"; did you mean "sse"?']],
    ['x86_64', 'max,-fxsr', ['the processor feature sse needs fxsr; add +fxsr, or take -sse away']],
    [
      'x86_64',
      'max,+vme,+mce',
      ['qvm does not have the processor feature vme yet', 'qvm does not have the processor feature mce yet'],
    ],
    [
      'aarch64',
      'max,+aes',
      ['there is no processor model "max"; models: generic', 'processors have no feature "aes"; there are no features'],
    ],
  ])('%s %s is refused, with its place', async (arch, text, problems) => {
    const expected = problems.map((problem) => `error: ${problem}`);
    expect(await findingsOf(arch, json(arch, '', ` "cpumodel": "${text}",`))).toEqual(
      expected.map((problem) => `vm.qvmconf:1:${arch === 'x86_64' ? 94 : 95}: ${problem}`),
    );
    expect(await findingsOf(arch, lines(arch, `cpumodel ${text}`))).toEqual(
      expected.map((problem) => `vm.qvmconf:2:10: ${problem}`),
    );
  });
});

describe('the entry of an image', () => {
  it('is one that the architecture has, in both forms', async () => {
    expect(await findingsOf('x86_64', json('x86_64', '', ' "entry": "linux64",'))).toEqual([]);
    expect(await findingsOf('x86_64', lines('x86_64', 'entry linux64'))).toEqual([]);
  });

  it.each<[keyof typeof IMAGES, string, string]>([
    ['x86_64', 'pvg', 'images of x86_64 guests have no entry "pvg"; did you mean "pvh"?'],
    ['aarch64', 'pvh', 'images of aarch64 guests have no entry to choose'],
  ])('%s %s is refused, with its place', async (arch, entry, problem) => {
    const found = await findingsOf(arch, lines(arch, `entry ${entry}`));
    expect(found).toEqual([
      expect.stringMatching(new RegExp(`^vm\\.qvmconf:2:7: error: ${problem.replace('?', '\\?')}$`)),
    ]);
  });
});
