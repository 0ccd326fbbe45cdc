import { ELF_HEADER_BYTES, ElfMachine, ElfType, writeElfHeader } from '@qvm/core/architecture';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Workspace, type Outcome } from './run-qvm.test.helper.js';

const space = new Workspace();
afterAll(() => space.dispose());

/** The header of an arm64 Linux image (Documentation/arch/arm64/booting.rst) that asks for `size` bytes. */
function linuxImage(length: number, size: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x14000000, true);
  view.setBigUint64(16, BigInt(size), true);
  view.setUint32(56, 0x644d5241, true);
  return bytes;
}

/** An ELF64 header for a machine. */
function elf(machine: ElfMachine): Uint8Array {
  const bytes = new Uint8Array(ELF_HEADER_BYTES);
  writeElfHeader(new DataView(bytes.buffer), { type: ElfType.Executable, machine, programHeaders: 0 });
  return bytes;
}

const config = (more: string): string => `{\n  "name": "vm",\n  ${more}\n}\n`;
const RAM = '"ram": [{ "size": "64M" }]';

interface Case {
  readonly what: string;
  readonly text?: string;
  readonly image?: Uint8Array | string;
  readonly args?: readonly string[];
  readonly exitCode: number;
  readonly message: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: 'malformed JSON',
    text: '{ "name": "vm" "image": "vm.img" }',
    exitCode: 65,
    message: /^vm\.qvmconf:1:\d+: error: /,
  },
  { what: 'an empty file', text: '', exitCode: 65, message: /^vm\.qvmconf:1:1: error: / },
  {
    what: 'an unknown key',
    text: config(`"image": "vm.img", "rma": 1, ${RAM}`),
    exitCode: 65,
    message: /^vm\.qvmconf:3:22: error: unknown key "rma"; /,
  },
  {
    what: 'overlapping RAM',
    text: config('"image": "vm.img", "ram": [{ "base": "1G", "size": "64M" }, { "base": "1G", "size": "1M" }]'),
    exitCode: 65,
    message: /^vm\.qvmconf:3:\d+: error: .*overlap/,
  },
  {
    what: 'RAM where a device is',
    text: config('"image": "vm.img", "ram": [{ "base": "0x8000000", "size": "64M" }]'),
    exitCode: 65,
    message: /^vm\.qvmconf:3:\d+: error: .*ram0/,
  },
  {
    what: 'an unset variable',
    text: config(`"image": "\${QVM_NO_SUCH}/Image", ${RAM}`),
    exitCode: 65,
    message: /^vm\.qvmconf:3:12: error: .*QVM_NO_SUCH/,
  },
  {
    what: 'a missing image',
    text: config(`"image": "none.img", ${RAM}`),
    exitCode: 65,
    message: /^vm\.qvmconf:3:12: error: "image": there is no file "none\.img"/,
  },
  {
    what: 'a missing initrd',
    text: config(`"image": "vm.img", "initrd": "none.gz", ${RAM}`),
    exitCode: 65,
    message: /^vm\.qvmconf:3:32: error: "initrd": there is no file/,
  },
  {
    what: 'a folder as image',
    text: config(`"image": "folder", ${RAM}`),
    exitCode: 65,
    message: /^vm\.qvmconf:3:12: error: "image": "folder" cannot be read: it is a folder/,
  },
  {
    what: 'an unknown vdev',
    text: config(`"image": "vm.img", ${RAM}, "vdev": [{ "type": "qvm-vdev-pl01" }]`),
    exitCode: 65,
    message: /^vm\.qvmconf:3:\d+: error: there is no vdev type "pl01"; did you mean "pl011"\?/,
  },
  {
    what: 'an unknown option',
    text: config(`"image": "vm.img", ${RAM}, "vdev": [{ "type": "pl011", "config": "hostdef=null" }]`),
    exitCode: 65,
    message: /^vm\.qvmconf:3:\d+: error: vdev pl011 has no option "hostdef"; did you mean "hostdev"\?/,
  },
  {
    what: 'vdevs that overlap',
    text: config(`"image": "vm.img", ${RAM}, "vdev": [{ "type": "pl011", "config": "base=0x9010000" }]`),
    exitCode: 65,
    message: /^vm\.qvmconf:3:\d+: error: .*pl0[13]1-0.*0x9010000/,
  },
  {
    what: 'a vdev of another architecture',
    text: config(`"arch": "x86_64", "image": "vm.img", ${RAM}, "vdev": [{ "type": "gic" }]`),
    exitCode: 65,
    message: /^vm\.qvmconf:3:\d+: error: The vdev gic-0 \(gic\) is a device of another architecture/,
  },
  {
    what: 'a vdev of another architecture, in lines',
    text: 'system vm\nram 64M\nload vm.img\nvdev ioapic\n',
    exitCode: 65,
    message: /^vm\.qvmconf:4:6: error: The vdev ioapic-0 \(ioapic\) is a device of another architecture/,
  },
  {
    what: 'a processor that does not exist',
    text: config(`"arch": "x86_64", "cpumodel": "x86-64-v22", "image": "vm.img", ${RAM}`),
    exitCode: 65,
    message: /^vm\.qvmconf:3:33: error: there is no processor model "x86-64-v22"; did you mean "x86-64-v2"\?/,
  },
  {
    what: 'a processor feature that does not exist yet, of a --set',
    text: config(`"arch": "x86_64", "image": "vm.img", ${RAM}`),
    args: ['--set', 'cpumodel=max,+vme'],
    exitCode: 65,
    message: /error: qvm does not have the processor feature vme yet/,
  },
  {
    what: 'an interrupt with two sources on the ISA bus',
    text: 'arch x86_64\nram 64M\nload vm.img\nvdev ser8250\n  intr ioapic:8\n',
    exitCode: 65,
    message: /^vm\.qvmconf:5:15: error: The vdev ser8250-0 cannot share the interrupt 8 with rtc-0/,
  },
  {
    what: 'a truncated image',
    text: config(`"image": "vm.img", ${RAM}`),
    image: elf(ElfMachine.AArch64).subarray(0, 40),
    exitCode: 64,
    message: /^vm\.qvmconf:3:12: error: vm\.img/,
  },
  {
    what: 'an empty image',
    text: config(`"image": "vm.img", ${RAM}`),
    image: new Uint8Array(0),
    exitCode: 64,
    message: /^vm\.qvmconf:3:12: error: vm\.img is empty/,
  },
  {
    what: 'an image of another architecture',
    text: config(`"image": "vm.img", ${RAM}`),
    image: elf(ElfMachine.X86_64),
    exitCode: 64,
    message: /^vm\.qvmconf:3:12: error: vm\.img/,
  },
  {
    what: 'too little RAM for the image',
    text: config('"image": "vm.img", "ram": [{ "size": "2M" }]'),
    image: linuxImage(4096, 0x400_0000),
    exitCode: 64,
    message: /^vm\.qvmconf:3:12: error: /,
  },
  {
    what: 'an image larger than the RAM',
    text: config('"image": "vm.img", "ram": [{ "size": "4K" }]'),
    image: linuxImage(8192, 8192),
    exitCode: 65,
    message: /^vm\.qvmconf:3:12: error: "image": "vm\.img" has 8192 bytes; at most 4096 fit here/,
  },
  {
    what: 'more RAM than there can be',
    text: config('"image": "vm.img", "ram": [{ "size": "64G" }]'),
    exitCode: 64,
    message: /^vm\.qvmconf:3:\d+: error: .* MiB of RAM and ROM; with 1 vCPUs, 39[0-9]{2} MiB are possible/,
  },
  {
    what: 'a console that cannot be opened',
    text: config(`"image": "vm.img", ${RAM}, "vdev": [{ "type": "pl011", "config": "hostdev=file:/no/such/x" }]`),
    exitCode: 65,
    message: /^vm\.qvmconf:3:\d+: error: .*"\/no\/such\/x" cannot be written/,
  },
  {
    what: 'a trace that cannot be written',
    text: config(`"image": "vm.img", ${RAM}`),
    args: ['--trace', '/no/such/trace'],
    exitCode: 64,
    message: /^qvm: error: "\/no\/such\/trace" cannot be written as the trace/,
  },
  {
    what: 'a wrong --set',
    text: config(`"image": "vm.img", ${RAM}`),
    args: ['--set', 'cpu=2'],
    exitCode: 65,
    message: /^<command line>:1:1: error: --set cpu=2: "cpu" cannot be set; did you mean "cpus"\?/,
  },
  {
    what: 'a wrong --icount',
    text: '',
    args: ['--icount', '0'],
    exitCode: 2,
    message: /^qvm: error: option '--icount/,
  },
  {
    what: 'an unknown flag',
    text: '',
    args: ['--icont'],
    exitCode: 2,
    message: /^qvm: error: unknown option '--icont'/,
  },
  {
    what: 'an unknown plugin',
    text: config(`"image": "vm.img", ${RAM}`),
    args: ['--plugin', '@acme/none'],
    exitCode: 2,
    message: /^qvm: error: the plugin @acme\/none cannot be imported/,
  },
];

describe('qvm start refuses', () => {
  const outcomes = new Map<string, Outcome>();

  beforeAll(async () => {
    const runs = CASES.map(({ text, image, args }, index) => {
      const folder = `case${index}`;
      mkdirSync(join(space.folder, folder, 'folder'), { recursive: true });
      space.write(join(folder, 'vm.qvmconf'), text ?? '');
      space.write(join(folder, 'vm.img'), image ?? linuxImage(4096, 4096));
      return { folder, args: ['start', 'vm.qvmconf', ...(args ?? [])] };
    });
    // All cases, except for those that reach the console, run in one process, because most of a run's time is the
    // start.
    const far = (index: number): boolean => CASES[index]?.image !== undefined;
    const near = await space.batch(runs.filter((_run, index) => !far(index)));
    for (const [index, run] of runs.entries()) {
      const outcome = far(index) ? await space.qvm(run.args, { input: '', folder: run.folder }) : near.shift();
      if (outcome !== undefined) outcomes.set(CASES[index]?.what ?? '', outcome);
    }
  });

  it.each(CASES)('$what', ({ what, exitCode, message }) => {
    const outcome = outcomes.get(what);
    expect(outcome?.stderr).toMatch(message);
    expect(outcome?.stderr).not.toMatch(/^\s+at /m);
    expect(outcome?.stdout).toBe('');
    expect(outcome?.exitCode).toBe(exitCode);
  });

  it('a configuration that is not there', async () => {
    const outcome = await space.qvm(['start', 'none.qvmconf'], { input: '' });
    expect(outcome).toEqual({
      exitCode: 65,
      stdout: '',
      stderr: 'none.qvmconf:1:1: error: there is no file "none.qvmconf"\n',
    });
  });

  it('wrong commands, with help on the right ones', async () => {
    const outcomes = await Promise.all(
      [
        ['completon'],
        ['start'],
        ['start', 'x', '--embedded'],
        ['start', 'x', '--arch', 'x86_64'],
        ['start', '--embedded', '--arch', 'x86'],
        ['vdev', 'help', 'pl01'],
        ['guest', 'path', 'debian'],
        ['completion', 'tcsh'],
      ].map((args) => space.qvm(args, { input: '' })),
    );
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2, 2, 2, 1, 2]);
    for (const { stderr } of outcomes) expect(stderr).toMatch(/^qvm: error: /);
    expect(outcomes[0]?.stderr).toContain('Did you mean completion?');
  });
});

describe('qvm check', () => {
  it('tells what is wrong as text and as JSON', async () => {
    space.write('vm.img', linuxImage(4096, 4096));
    space.write('bad.qvmconf', config(`"image": "vm.img", "cpus": 99, ${RAM}`));
    const text = await space.qvm(['check', 'bad.qvmconf']);
    expect(text).toMatchObject({ exitCode: 65, stdout: '' });
    expect(text.stderr).toMatch(/^bad\.qvmconf:3:30: error: .*99/);
    const json = await space.qvm(['check', 'bad.qvmconf', '--json']);
    expect(json).toMatchObject({ exitCode: 65, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      findings: [{ code: 'config.out-of-range', line: 3, column: 30, severity: 'error' }],
    });
  });

  it('says ok, and writes nothing', async () => {
    const vdevs = '"vdev": [{ "type": "pl011", "config": "hostdev=file:made.txt" }]';
    space.write('good.qvmconf', config(`"image": "vm.img", ${RAM}, ${vdevs}`));
    const outcome = await space.qvm(['check', 'good.qvmconf']);
    expect(outcome).toEqual({ exitCode: 0, stdout: 'good.qvmconf: ok\n', stderr: '' });
    expect(() => space.write('made.txt', '')).not.toThrow();
  });
});
