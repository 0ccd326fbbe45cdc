import { option as declare, type OptionDeclarations } from '@qvm/core/options';
import fc from 'fast-check';
import { ConfigError, convertConfig, type OptionSetting, parseConfig, type VmFragment, writeConfig } from '../index.js';
import { LOG_DESTINATIONS, LOG_FILTERS, RESTART_POLICIES, UNSUPPORTED_KINDS, UNSUPPORTED_POLICIES } from '../words.js';

/** Without locations, which differ between texts. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, member: unknown) => (['source', 'at', 'valueAt'].includes(key) ? undefined : member)),
  );
}

function read(text: string, vdevOptions?: (type: string) => OptionDeclarations | undefined): VmFragment {
  const parsed = parseConfig(text, {
    file: 'f',
    baseDir: '',
    environment: {},
    ...(vdevOptions === undefined ? {} : { vdevOptions }),
  });
  if (parsed.kind === 'system') throw new Error('a system');
  return parsed.kind === 'vm' ? parsed.spec : parsed.fragment;
}

const PAGE = 4096;
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
// Any text without line breaks, which the line form cannot express, and without unpaired surrogates, which no file can
// contain.
const value = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !/[\r\n\p{Cc}]/u.test(text));
const path = value.filter((text) => text !== '');
const optionName = fc.oneof(
  fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,8}$/),
  fc.constantFrom('file', 'hostdev', 'name', 'set', 'ram', 'cpu', 'log', 'legacy', 'paddr', 'size'),
);
const option: fc.Arbitrary<OptionSetting> = fc.oneof(
  fc.record({ name: optionName, value }),
  fc.record({ name: fc.constant('base'), value: fc.nat().map((n) => `0x${n.toString(16)}`) }),
  fc.record({ name: fc.constant('irq'), value: fc.nat(1019).map(String) }),
);
const vdev = fc.record({
  type: fc.oneof(
    fc.constantFrom('pl011', 'virtio-blk', 'passthrough', 'shmem', '@acme/vdev-x'),
    fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/),
  ),
  options: fc.uniqueArray(option, { selector: (setting) => setting.name, maxLength: 5 }),
});
const cpulist = fc.uniqueArray(fc.nat(70), { minLength: 1, maxLength: 6 });
const priority = fc.integer({ min: 1, max: 255 });
const cpus = fc.oneof(
  fc.record({ cpus: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ cpus: fc.integer({ min: 1, max: 8 }), cpulist, priority }),
  // Different priorities, so that the vCPUs are written one by one.
  fc
    .array(fc.record({ cpulist }), { minLength: 2, maxLength: 4 })
    .map((items) => items.map((item, index) => ({ ...item, priority: index + 1, policy: 'fifo' as const })))
    .map((cpu) => ({ cpus: cpu.length, cpu })),
);

/** Regions that do not overlap: each is in a different gigabyte. */
const regions = fc.uniqueArray(
  fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 2 ** 18 }), fc.nat(1000), fc.boolean()),
  { selector: ([slot]) => slot, minLength: 1, maxLength: 5 },
);

const spec: fc.Arbitrary<VmFragment> = fc
  .record(
    {
      name,
      arch: fc.constantFrom('aarch64' as const, 'x86_64' as const),
      cpumodel: fc.constantFrom('max', 'x86-64-v2,+aes,-pcid', '-nx'),
      image: path,
      entry: fc.constantFrom('pvh', 'real-mode'),
      dtb: path,
      initrd: path,
      cmdline: value,
      cpus,
      regions,
      load: fc.array(fc.record({ address: fc.constant(0x100_0000_0000), file: path }), { minLength: 1, maxLength: 3 }),
      reserve: fc.array(
        fc.oneof(
          fc.record({ irq: fc.nat(0xffff) }),
          fc
            .record({ base: fc.nat(2 ** 30), size: fc.integer({ min: 1, max: 2 ** 20 }) })
            .map(({ base, size }) => ({ base: base * 4, size: size * 4 })),
        ),
        { minLength: 1, maxLength: 3 },
      ),
      logger: fc.array(
        fc.record({
          filters: fc.uniqueArray(fc.constantFrom(...LOG_FILTERS), { minLength: 1 }),
          destination: fc.constantFrom(...LOG_DESTINATIONS),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      unsupported: fc.dictionary(fc.constantFrom(...UNSUPPORTED_KINDS), fc.constantFrom(...UNSUPPORTED_POLICIES), {
        minKeys: 1,
        maxKeys: 3,
      }),
      dump: path,
      set: fc.constantFrom({ 'exit-on-halt': 'off' }, { 'fdt-dump-file': 'a b', debug: 'yes' }),
      restart: fc.constantFrom(...RESTART_POLICIES),
      dryrun: fc.constant(true),
      vdevs: fc.array(vdev, { maxLength: 4 }),
    },
    { requiredKeys: ['name', 'arch', 'cpus', 'regions', 'vdevs'] },
  )
  .filter(({ name: text, dump }) => text !== '.' && text !== '..' && dump !== '|')
  .map(({ cpus: vcpus, regions: slots, ...rest }) => {
    const memory = slots.map(([slot, pages, offset, isRom]) => ({
      isRom,
      region: { base: slot * 2 ** 31 + offset * PAGE, size: pages * PAGE },
    }));
    const [ram, rom] = [false, true].map((kind) => memory.filter(({ isRom }) => isRom === kind).map((m) => m.region));
    return {
      ...rest,
      ...vcpus,
      ram: ram === undefined || ram.length === 0 ? [{ base: 2 ** 45, size: PAGE }] : ram,
      ...(rom === undefined || rom.length === 0 ? {} : { rom }),
      baseDir: '',
    };
  });

/** A flag equals one with the value `true`, which the line form writes if it does not know the vdev. */
const withValues = (vm: VmFragment): unknown =>
  plain({
    ...vm,
    vdevs: vm.vdevs.map(({ type, options }) => ({
      type,
      options: options.map(({ name: key, value: text = 'true' }) => ({ name: key, value: text })),
    })),
  });

describe('writeConfig', () => {
  it.each(['json', 'line'] as const)('in the form %s loses nothing', (form) => {
    fc.assert(
      fc.property(spec, (vm) => {
        const { text, lost } = writeConfig(vm, form);
        expect(lost).toEqual([]);
        expect(withValues(read(text))).toEqual(withValues(vm));
      }),
      { numRuns: 500 },
    );
  });

  it('writes flags as flags where the options are known', () => {
    const options = { readonly: declare.boolean({ description: 'd' }), file: declare.path({ description: 'd' }) };
    const lookup = (): OptionDeclarations => options;
    const text = 'vdev virtio-blk readonly hostdev "a b"';
    const { text: line } = writeConfig(read(text, lookup), 'line', { vdevOptions: lookup });
    expect(line).toBe('vdev virtio-blk\n    readonly\n    hostdev "a b"\n');
    expect(plain(read(line, lookup))).toEqual(plain(read(text, lookup)));
  });

  it('says what the line form cannot hold', () => {
    const vm = { vdevs: [{ type: 't', options: [{ name: 'a', value: 'x\ny' }] }], baseDir: '' };
    const { text, lost } = writeConfig(vm, 'line');
    expect(text).toBe('vdev t\n    a "x y"\n');
    expect(lost).toMatchObject([{ code: 'convert.lost', severity: 'warning' }]);
  });
});

describe('convertConfig', () => {
  const convert = (text: string, form: 'json' | 'line') => convertConfig(text, form, { file: 'f' });

  it('keeps variables, relative paths and sizes readable', () => {
    const text = '# a VM\nsystem a\nram 0x40000000,256M\nload ${DIR}/Image\nvdev pl011 loc 0x9000000 intr gic:33\n';
    const { text: json, lost } = convert(text, 'json');
    expect(JSON.parse(json)).toEqual({
      name: 'a',
      image: '${DIR}/Image',
      cpus: 1,
      ram: [{ base: '0x40000000', size: '256M' }],
      vdev: [{ type: 'pl011', config: 'base=0x9000000,irq=33' }],
    });
    expect(lost).toMatchObject([{ severity: 'info', code: 'convert.lost' }]);
    expect(convert(json, 'line').text).toBe(
      'system a\nram 0x40000000,256M\ncpu\nload ${DIR}/Image\nvdev pl011\n    loc 0x9000000\n    intr gic:33\n',
    );
  });

  it('keeps I/O ports apart from addresses', () => {
    const text = 'arch x86_64\nram 256M\nvdev ser8250\n    loc 0x2f8\n    loc io:0x3f8\n    intr 8259:4\n';
    const { text: json } = convert(text, 'json');
    expect(JSON.parse(json)).toMatchObject({ vdev: [{ type: 'ser8250', config: 'base=0x2f8,ports=0x3f8,irq=4' }] });
    expect(convert(json, 'line').text).toContain('vdev ser8250\n    loc 0x2f8\n    loc io:0x3f8\n    intr ioapic:4\n');
  });

  it('writes passed devices as such', () => {
    const json = '{ "vdev": [{ "type": "qvm-vdev-passthrough", "config": "paddr=0xFF000000,size=0x1000,irq=32" }] }';
    expect(convert(json, 'line').text).toBe('pass loc mem:0xFF000000,0x1000,rw=0xFF000000 intr gic:32\n');
  });

  it('leaves a text of the form alone, and a system a system', () => {
    expect(convert('ram 256M # x', 'line')).toEqual({ text: 'ram 256M # x', lost: [] });
    expect(convert('{ "vms": [] }', 'line').lost).toMatchObject([{ code: 'convert.system', severity: 'error' }]);
  });

  it('names words that have no place in the other form', () => {
    expect(convert('ram 256M cpu partition p', 'json').lost).toMatchObject([{ code: 'config.not-supported' }]);
  });

  it('refuses what is wrong', () => {
    expect(() => convert('rma 256M', 'json')).toThrow(ConfigError);
  });
});
