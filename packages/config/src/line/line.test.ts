import { option, type OptionDeclarations } from '@qvm/core/options';
import { readFileSync } from 'node:fs';
import { ConfigError, parseConfig, parseVmConfig, type VmFragment } from '../index.js';

const OPTIONS = { file: 'f', baseDir: '/b', environment: { DIR: '/d' } };

function read(text: string, lookup?: (type: string) => OptionDeclarations | undefined): VmFragment {
  const parsed = parseConfig(text, { ...OPTIONS, ...(lookup === undefined ? {} : { vdevOptions: lookup }) });
  if (parsed.kind === 'system') throw new Error('a system');
  return parsed.kind === 'vm' ? parsed.spec : parsed.fragment;
}

/** Options as `name=value`. */
const optionsOf = (text: string, lookup?: Parameters<typeof read>[1]): string[] =>
  read(text, lookup).vdevs.flatMap(({ options }) =>
    options.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)),
  );

function findingsOf(text: string): (string | number)[][] {
  try {
    return parseConfig(text, OPTIONS).warnings.map(({ code, line, column }) => [code.slice(7), line, column]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.findings.map(({ code, line, column }) => [code.slice(7), line, column]);
  }
}

describe('the line form', () => {
  it('has every word of the language', () => {
    const text = readFileSync(new URL('../../src/testdata/everything.qvmconf', import.meta.url), 'utf8');
    const { spec } = parseVmConfig(text, OPTIONS);
    expect(spec).toMatchObject({
      name: 'everything',
      ram: [
        { base: 0x4000_0000, size: 0x1000_0000 },
        { base: 0x5000_0000, size: 0x400_0000 },
      ],
      rom: [{ base: 0x6000_0000, size: 0x10_0000 }],
      reserve: [{ base: 0x7000_0000, size: 0x1000 }, { base: 0x7000_2000, size: 0x1000 }, { irq: 40 }],
      cpus: 2,
      cpu: [
        { cpulist: [2, 3], priority: 10 },
        { cpulist: [3], priority: 12, policy: 'fifo' },
      ],
      image: '/boot/Image',
      initrd: '/boot/initial ram.gz',
      dtb: '/boot/board.dtb',
      load: [{ address: 0x6000_0000, file: '/boot/table.bin' }],
      cmdline: 'console=ttyAMA0 quiet',
      logger: [
        { filters: ['fatal', 'internal', 'error'], destination: 'stderr' },
        { filters: ['info'], destination: 'none' },
      ],
      unsupported: { instruction: 'abort', register: 'ignore' },
      dump: '/var/dumps',
      set: { 'exit-on-halt': 'off' },
      restart: 'on-failure',
      dryrun: true,
    });
    expect(
      spec.vdevs.map(({ type, options }) => [type, options.map(({ name, value }) => `${name}=${value ?? ''}`)]),
    ).toEqual([
      ['pl011', ['base=0x9000000', 'irq=33', 'hostdev=stdio']],
      ['virtio-net', ['name=net0', 'peer=/dev/qvm/other/net0']],
      ['shmem', ['create=shm-a,0x10000', 'create=shm-b,64K', 'allow=*']],
      ['passthrough', ['paddr=0xff000000', 'size=0x1000', 'base=0x9100000', 'irq=37']],
    ]);
  });

  it('takes the name of an interrupt controller for the controller, wherever it is in the file', () => {
    expect(optionsOf('vdev t intr my-ioapic:4 vdev ioapic name my-ioapic intr apic')).toEqual([
      'irq=4',
      'name=my-ioapic',
    ]);
    expect(findingsOf('vdev pic name p vdev t intr p:4')).toEqual([]);
    expect(findingsOf('vdev t name my-ioapic intr my-ioapic:4')).toEqual([['bad-interrupt', 1, 28]]);
  });

  it('places PCI functions on the bus', () => {
    const lookup = (): OptionDeclarations => ({ pci: option.string({ description: 'Place' }) });
    const placed = (place: string): readonly string[] => optionsOf(`vdev t loc ${place}`, lookup);
    expect(['pci:0:4.0', 'pci:30.1', 'pci:0x1f', 'pci:0x0:0x0a.7'].flatMap(placed)).toEqual([
      'pci=4.0',
      'pci=1e.1',
      'pci=1f.0',
      'pci=a.7',
    ]);
    for (const place of ['pci:1:4.0', 'pci:32', 'pci:4.8', 'pci:', 'pci:1af4/1000', 'pci:0:4.0,1']) {
      expect(() => placed(place)).toThrow(`${JSON.stringify(place)} is no place on the PCI bus 0`);
    }
  });

  it('takes line breaks for blanks, and a context as open until the next one', () => {
    expect(read('ram\n1M\ncpu ram 2M sched 8').cpus).toBe(1);
    expect(read('ram 1M cpu ram 2M sched 8').priority).toBe(8);
    expect(read('cpu sched 8 sched 6 cpu').cpu).toEqual([{ priority: 6 }, {}]);
  });

  it('has one vCPU when none is named, and a default name', () => {
    expect(read('ram 1M')).toMatchObject({ name: 'qvm-guest', cpus: 1, arch: 'aarch64' });
  });

  it('reads quotes, escapes, continued lines and byte order marks', () => {
    expect(read('\uFEFFram 1M cmdline "a \\"b\\" \\\\ \\c #d"').cmdline).toBe('a "b" \\ \\c #d');
    expect(read('ram 1M cmdline "a\\\nb"').cmdline).toBe('ab');
    expect(read('ram 1M cmdline "a\n\tb"').cmdline).toBe('a b');
    expect(read('ram 1M cmdline "a\r\nb"').cmdline).toBe('a b');
    expect(read('ram \\\n 1M cmdline a"b c"d').cmdline).toBe('ab cd');
    expect(read('load a#b\nram 1M').image).toBe('/b/a');
  });

  it('reads quantities as QNX does', () => {
    expect(read('ram 0,0xa0000 rom 0xc0000,0x40000 ram 1m,1023m')).toMatchObject({
      ram: [
        { base: 0, size: 0xa_0000 },
        { base: 0x10_0000, size: 1023 * 2 ** 20 },
      ],
      rom: [{ base: 0xc_0000, size: 0x4_0000 }],
    });
    expect(read('rom 1G,1M ram 0d4096').ram).toMatchObject([{ base: 2 ** 30 + 2 ** 20, size: 4096 }]);
  });

  it('takes the first file for the guest, others for data', () => {
    expect(read('ram 1G,1M load a,b load 1G,c')).toMatchObject({
      image: '/b/a,b',
      load: [{ address: 2 ** 30, file: '/b/c' }],
    });
  });

  it('expands variables in paths and options', () => {
    expect(read('ram 1M load ${DIR}/i').image).toBe('/d/i');
    expect(optionsOf('vdev t a ${DIR} b $$')).toEqual(['a=/d', 'b=$']);
  });

  it('takes an argument for options that it does not know', () => {
    expect(optionsOf('vdev t foo bar legacy x 1 ram 1M y 2 ram=3 z=')).toEqual([
      'foo=bar',
      'x=1',
      'y=2',
      'ram=3',
      'z=',
    ]);
  });

  it('knows flags and repetitions from the descriptions of options', () => {
    const lookup = (type: string): OptionDeclarations | undefined =>
      type === 't'
        ? {
            flag: option.boolean({ description: 'd' }),
            many: option.string({ description: 'd', repeatable: true }),
            one: option.string({ description: 'd' }),
            ram: option.string({ description: 'd' }),
          }
        : undefined;
    expect(optionsOf('vdev vdev-t flag flag off flag many a many b one a one b ram 1', lookup)).toEqual([
      'flag',
      'many=a',
      'many=b',
      'one=b',
      'ram=1',
    ]);
    expect(() => read('vdev t oen 1', lookup)).toThrow('did you mean "one"?');
  });

  it('reads host devices as QNX writes them', () => {
    expect(optionsOf('vdev pl011 hostdev >-')).toEqual(['hostdev=stdio']);
    expect(optionsOf('vdev pl011 hostdev >/log')).toEqual(['hostdev=file:/log']);
    expect(optionsOf('vdev pl011 hostdev pty')).toEqual(['hostdev=pty']);
    expect(optionsOf('vdev virtio-blk hostdev <d.img')).toEqual(['file=d.img', 'readonly']);
  });
});

type Row = [text: string, ...findings: [code: string, line: number, column: number][]];

const FINDINGS: Row[] = [
  ['rma 1M', ['unknown-word', 1, 1]],
  ['ram 1M\n sytem a b c cpu', ['unknown-word', 2, 2]],
  ['ram 1M system a', ['order', 1, 8]],
  ['ram', ['missing-argument', 1, 1]],
  ['ram 1,2,3', ['bad-size', 1, 5]],
  ['ram 1G,1x', ['bad-size', 1, 8]],
  ['ram 1x,1M', ['bad-address', 1, 5]],
  ['ram 4096,4K', ['ambiguous-address', 1, 5]],
  ['ram 1G,4K ram 1G,4K', ['ram-overlap', 1, 11]],
  ['rom 4K', ['missing-address', 1, 1], ['missing-key', 1, 1]],
  ['ram 1M cmdline "a\nb', ['syntax', 1, 16], ['unknown-word', 2, 1]],
  ['ram 1M\ncmdline "a\nram 1x', ['syntax', 2, 9], ['bad-size', 3, 5]],
  ['// ram 1M\nram 1M // x y\nvdev t // a\n a b', ['comment', 1, 1], ['comment', 2, 8], ['comment', 3, 8]],
  ['ram 1M /* a b\n c */ ram 1x', ['comment', 1, 8], ['bad-size', 2, 11]],
  ['ram $asinfo_length{sysram}', ['bad-size', 1, 5], ['substitution', 1, 5]],
  ['ram 1M initrd x', ['missing-argument', 1, 8], ['unknown-word', 1, 15]],
  ['ram 1M acpi load x', ['not-supported', 1, 8]],
  ['ram 1M load a load b', ['missing-address', 1, 20]],
  ['load 1G,a ram 1G,1M', ['ignored', 1, 6]],
  ['data load 1G,a ram 1G,1M', ['order', 1, 1]],
  ['ram 1G,1M data load 0xffffffffffff0,a', ['bad-address', 1, 21]],
  ['system a system b ram 1M', ['repeated-word', 1, 8], ['order', 1, 10]],
  ['ram 1M cmdline a cmdline b', ['repeated-word', 1, 16]],
  ['ram 1M cpumodel a,b', ['bad-cpumodel', 1, 17]],
  ['ram 1M entry a,b', ['bad-entry', 1, 14]],
  ['ram 1M cpumodel', ['missing-argument', 1, 8]],
  ['ram 1M cpu sched x', ['bad-setting', 1, 18]],
  ['ram 1M cpu sched 0', ['out-of-range', 1, 18]],
  ['ram 1M cpu sched 20,10,3,1000,100 s', ['not-supported', 1, 18]],
  ['ram 1M cpu runmask 3-1', ['bad-cpulist', 1, 20]],
  ['ram 1M cpu cluster big', ['not-supported', 1, 12]],
  ['ram 1M cpu cpu cpu cpu cpu cpu cpu cpu cpu', ['out-of-range', 1, 8]],
  ['vdev', ['missing-argument', 1, 1]],
  ['vdev a/b/c', ['bad-vdev-type', 1, 6]],
  ['vdev t loc io:0x3f8,8', ['bad-location', 1, 12]],
  ['vdev t loc io:1 loc io:2', ['repeated-word', 1, 8]],
  ['reserve loc io:0x60', ['bad-location', 1, 13]],
  ['pass loc io:0x60,4', ['bad-location', 1, 10]],
  ['vdev t loc pci:0:1.0', ['not-supported', 1, 12]],
  ['vdev t loc 1G,4K', ['bad-location', 1, 12]],
  ['vdev t intr 8260:4', ['bad-interrupt', 1, 13]],
  ['vdev t intr myioapic:4', ['bad-interrupt', 1, 13]],
  ['arch x86_64 vdev t intr gic:40', ['bad-interrupt', 1, 25]],
  ['vdev t intr ioapic:4 arch aarch64', ['bad-interrupt', 1, 13]],
  ['vdev t intr apic', ['ignored', 1, 13]],
  ['vdev t intr gic:x', ['bad-interrupt', 1, 13]],
  ['vdev t log error stderr sched 10', ['ignored', 1, 8], ['ignored', 1, 25]],
  ['vdev t a 1 a 2', ['repeated-word', 1, 8]],
  ['vdev t [x', ['unknown-word', 1, 8]],
  ['pass', ['missing-address', 1, 1]],
  ['pass loc 1G', ['bad-location', 1, 10]],
  ['pass loc 1G,4K,rwz', ['bad-location', 1, 10]],
  ['pass loc 1G,4K,rw intr gic:33 intr gic:34', ['not-supported', 1, 31]],
  ['reserve loc 1G,4K,4K', ['bad-location', 1, 13]],
  ['reserve loc 0x1001', ['unaligned', 1, 13]],
  ['reserve intr gic:99999', ['out-of-range', 1, 18]],
  ['logger error', ['missing-argument', 1, 1]],
  ['logger errors stderr', ['bad-setting', 1, 8]],
  ['unsupported reg fail', ['bad-setting', 1, 13]],
  ['unsupported register crash', ['bad-setting', 1, 22]],
  ['set exit-on-hlat on', ['unknown-setting', 1, 5]],
  ['set exit-on-halt maybe', ['bad-setting', 1, 5]],
  ['set counter-offset 0xffffffffffffffff', ['no-effect', 1, 5]],
  ['restart sometimes', ['bad-setting', 1, 9]],
  ['dump "|"', ['bad-path', 1, 6]],
  ['debug', ['ignored', 1, 1]],
];

describe('findings', () => {
  it.each(FINDINGS)('%j', (text, ...expected) => {
    const order = (rows: readonly (readonly (string | number)[])[]): string[] => rows.map((row) => row.join()).sort();
    expect(order(findingsOf(text))).toEqual(order(expected));
  });

  it('are of the whole text, whatever is wrong with a part of it', () => {
    const text = 'system a/b\nram 1x\ncpu sched 10x\nload ${NO}\nvdev t a ${NO}\nrestart often\n[foo bar';
    expect(findingsOf(text)).toEqual([
      ['bad-name', 1, 8],
      ['bad-size', 2, 5],
      ['bad-setting', 3, 11],
      ['unknown-variable', 4, 6],
      ['unknown-variable', 5, 10],
      ['bad-setting', 6, 9],
      ['unknown-word', 7, 1],
    ]);
  });

  it('of a VM without RAM', () => {
    expect(findingsOf('system a load b')).toEqual([['missing-key', 1, 1]]);
  });

  it('are bounded, as files are', () => {
    expect(findingsOf('vdev [ '.repeat(300)).length).toBe(100);
    expect(findingsOf('cpu '.repeat(20_000)).map(([code]) => code)).toContain('too-large');
    expect(findingsOf('vdev t '.repeat(2000)).map(([code]) => code)).toEqual(['too-large']);
  });
});
