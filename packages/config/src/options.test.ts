import { defineOptions, option } from '@qvm/core/options';
import {
  ConfigError,
  formatFinding,
  type OptionSetting,
  refuseCombination,
  parseVmConfig,
  resolveOptions,
} from './index.js';

const SPECS = defineOptions({
  base: option.address({ required: true, aliases: ['loc'], description: 'first register' }),
  irq: option.number({ min: 32, max: 1019, description: 'interrupt' }),
  size: option.size({ min: 4096, default: 4096, description: 'bytes' }),
  file: option.path({ repeatable: true, description: 'backing file' }),
  mac: option.mac({ description: 'station address' }),
  mode: option.enum(['stdio', 'null'], { default: 'stdio', description: 'back end' }),
  legacy: option.boolean({ default: false, description: 'old interface' }),
  label: option.string({ max: 20, description: 'a text', check: (text) => (text === 'bad' ? 'it is bad' : undefined) }),
});

/** The settings in a config string whose opening quote is in line 2, column 1. */
function settings(config: string): readonly OptionSetting[] {
  const text = `{"name":"a","image":"i","ram":[{"size":"1M"}],"vdev":[{"type":"t","config":\n"${config}"}]}`;
  const { spec } = parseVmConfig(text, { file: 'vm.qvmconf', baseDir: '', environment: {} });
  return spec.vdevs[0]?.options ?? [];
}

const CONTEXT = { owner: 'vdev t', baseDir: '/vm', at: { file: 'vm.qvmconf', line: 1, column: 55 } };
const resolve = (config: string) => resolveOptions(SPECS, settings(config), CONTEXT);

function problems(config: string): string[] {
  try {
    resolve(config);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.findings.map((finding) => `${finding.code} ${formatFinding(finding)}`);
    throw error;
  }
  return [];
}

describe('resolveOptions', () => {
  it('converts every kind', () => {
    const { values, warnings } = resolve(
      "base=0x9000000,irq=33,size=1M,file=a,file='b,c',file=/d,mac=52-54-00-AB-cd-ef,mode=null,legacy,label=x=y",
    );
    expect({ ...values }).toEqual({
      base: 0x900_0000,
      irq: 33,
      size: 2 ** 20,
      file: ['/vm/a', '/vm/b,c', '/d'],
      mac: Uint8Array.of(0x52, 0x54, 0, 0xab, 0xcd, 0xef),
      mode: 'null',
      legacy: true,
      label: 'x=y',
    });
    expect(warnings).toEqual([]);
  });

  it('fills in defaults and leaves out the rest', () => {
    expect({ ...resolve('base=0').values }).toEqual({ base: 0, size: 4096, file: [], mode: 'stdio', legacy: false });
  });

  it.each(['legacy=1', 'legacy=Yes', 'legacy=on', 'legacy=true'])('takes %s as true', (text) => {
    expect(resolve(`base=0,${text}`).values['legacy']).toBe(true);
  });

  it('warns about ambiguous addresses', () => {
    expect(resolve('base=9000000').warnings).toMatchObject([
      { code: 'config.ambiguous-address', severity: 'warning', line: 2, column: 7 },
    ]);
  });

  it('lists all that is wrong', () => {
    expect(problems('irqq=1,legcy,irq=31,size=4KB,mac=1:2,mode=stdoi,legacy=maybe,label,label=2,file=,irq=40')).toEqual(
      [
        'config.missing-option vm.qvmconf:1:55: error: vdev t needs the option "base" (first register); add base=…',
        'config.unknown-option vm.qvmconf:2:2: error: vdev t has no option "irqq"; did you mean "irq"?',
        'config.unknown-option vm.qvmconf:2:9: error: vdev t has no option "legcy"; did you mean "legacy"?',
        'config.bad-option vm.qvmconf:2:19: error: the option "irq" of vdev t: 31 is out of range; it must be at least 32 and at most 1019',
        'config.bad-option vm.qvmconf:2:27: error: the option "size" of vdev t: "4KB" is not a size; units are powers of 1024 without "B": write "4K"',
        'config.bad-option vm.qvmconf:2:35: error: the option "mac" of vdev t: "1:2" is not a MAC address; right would be 52:54:00:12:34:56',
        'config.bad-option vm.qvmconf:2:44: error: the option "mode" of vdev t: "stdoi" is not one of its values; did you mean "stdio"?',
        'config.bad-option vm.qvmconf:2:57: error: the option "legacy" of vdev t: "maybe" is neither true nor false; write 1/0, yes/no, on/off or true/false',
        'config.bad-option vm.qvmconf:2:63: error: the option "label" of vdev t needs a value; write label=…',
        'config.repeated-option vm.qvmconf:2:69: error: the option "label" of vdev t is here twice; the first is in line 2, column 63',
        'config.bad-option vm.qvmconf:2:82: error: the option "file" of vdev t: a path must not be empty',
        'config.repeated-option vm.qvmconf:2:83: error: the option "irq" of vdev t is here twice; the first is in line 2, column 15',
      ],
    );
  });

  it.each([
    ['mac=00:00:00:00:00:00', '"00:00:00:00:00:00" is not the address of one station'],
    ['mac=01-00-5e-00-00-01', '"01-00-5e-00-00-01" is not the address of one station'],
    ['mac=ff:ff:ff:ff:ff:ff', '"ff:ff:ff:ff:ff:ff" is not the address of one station'],
    ['label=bad', 'the option "label" of vdev t: it is bad'],
    [`label=${'x'.repeat(21)}`, `"${'x'.repeat(21)}" has 21 characters; 20 are possible`],
  ])('refuses %s', (text, expected) => {
    expect(problems(`base=0,${text}`)).toEqual([expect.stringContaining(expected)]);
  });

  it('takes settings made by a program', () => {
    expect(resolveOptions(SPECS, [{ name: 'base', value: '0' }], { owner: 'vdev t' }).values['base']).toBe(0);
    expect(() => resolveOptions(SPECS, [{ name: 'constructor' }], { owner: 'vdev t' })).toThrow(
      /^<program>:1:1: error: vdev t /,
    );
  });

  it('takes an option by its other name, once', () => {
    expect(resolve('loc=0x10').values.base).toBe(16);
    expect(problems('loc=0x10,base=0x10')).toEqual([
      'config.repeated-option vm.qvmconf:2:11: error: the option "base" of vdev t is here twice; "loc", which means the same, is in line 2, column 2',
    ]);
  });

  it('lets a setting that replaces others stand for them, under any name', () => {
    const replaced = (text: string): unknown =>
      resolveOptions(SPECS, [...settings(text), { name: 'base', value: '0x20', replaces: true }], CONTEXT).values.base;
    expect([replaced('loc=0x10'), replaced('base=0x10'), replaced('')]).toEqual([32, 32, 32]);
    const twice = [{ name: 'base', value: '1', replaces: true } as const, { name: 'loc', value: '2' }];
    expect(() => resolveOptions(SPECS, twice, CONTEXT)).toThrow(/the option "loc" of vdev t is here twice/);
  });

  it('gives each value the type of its declaration', () => {
    const { base, irq, mode, file } = resolve('base=1').values;
    const types: [number, number | undefined, 'stdio' | 'null', readonly string[]] = [base, irq, mode, file];
    expect(types).toEqual([1, undefined, 'stdio', []]);
  });

  it('says what there is when nothing is near', () => {
    expect(problems('base=0,colour=red')).toEqual([
      'config.unknown-option vm.qvmconf:2:9: error: vdev t has no option "colour"; options: base, loc, irq, size, file, mac, mode, legacy, label',
    ]);
  });
});

describe('refuseCombination', () => {
  it('blames the option at its place, or the vdev', () => {
    const written = settings('loc=0,label=x');
    expect(() => refuseCombination(SPECS, [], written, CONTEXT)).not.toThrow();
    const problems = [
      { option: 'label', message: 'no', hint: 'yes' },
      { option: 'irq', message: 'none' },
      { message: 'all' },
      { option: 'base', message: 'taken' },
    ];
    expect(() => refuseCombination(SPECS, problems, written, CONTEXT)).toThrow(
      [
        'vm.qvmconf:1:55: error: the option "irq" of vdev t: none',
        'vm.qvmconf:1:55: error: vdev t: all',
        'vm.qvmconf:2:6: error: the option "base" of vdev t: taken',
        'vm.qvmconf:2:14: error: the option "label" of vdev t: no; yes',
      ].join('\n'),
    );
  });
});
