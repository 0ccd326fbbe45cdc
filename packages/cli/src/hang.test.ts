import { assemble } from '@qvm/asm-aarch64';
import { setTimeout } from 'node:timers/promises';
import { join } from 'node:path';
import { onTerminal, QVM } from './on-terminal.test.helper.js';
import { Workspace } from './run-qvm.test.helper.js';

/* A guest that hangs in an exception loop and has no console: what can be asked tells where and why. */

/** Where images without a header go. */
const ORIGIN = 0x4008_0000;
/** Loads from where nothing is; the handler returns to the load. It shows a sign of life once, when that came a hundred times. */
const LOOP = `
  adr x0, vectors
  msr vbar_el1, x0
  mov x1, #0x0dea0000
  add x1, x1, #8
  mov x2, #100
  mov x3, #0x21
  mov x4, #0x09000000
fault: ldr x0, [x1]
  b .
.balign 2048
vectors:
.space 0x200
  sub x2, x2, #1
  cbnz x2, back
  str w3, [x4]
back:
  eret
`;

const space = new Workspace();
const env = { QVM_SOCKET: join(space.folder, 'control.sock') };
const { bytes, labels } = assemble(LOOP, { origin: ORIGIN });
const fault = labels.get('fault')?.toString(16);
const TEXT = `data abort at 0x${fault}, EL1: ldr x0, [x1] (.inst 0xf9400020) reads 0xdea0008: nothing is at guest-physical 0xdea0008`;

beforeAll(() => {
  space.write('hang.img', bytes);
  space.write('hang.qvmconf', '{ "name": "hang", "image": "hang.img", "ram": [{ "size": "2M" }] }\n');
});
afterAll(() => space.dispose());

interface Stats {
  readonly engine: {
    readonly vcpus: readonly { readonly faults: { readonly taken: number; readonly repeated: number } }[];
  };
}

describe('a guest in an exception loop without a console', () => {
  it('is recognisable by "qvm stat", also with --json', async () => {
    const done = { exitCode: 0 };
    const host = space.qvm(['host'], { env });
    try {
      expect(await space.qvm(['waitfor', '100'], { env })).toMatchObject(done);
      expect(await space.qvm(['start', '-d', 'hang.qvmconf'], { env })).toMatchObject(done);
      const stat = async (): Promise<Stats> => {
        const { stdout } = await space.qvm(['stat', 'hang', '--json'], { env });
        return JSON.parse(stdout) as Stats;
      };
      let stats = await stat();
      while ((stats.engine.vcpus[0]?.faults.taken ?? 0) < 2) {
        await setTimeout(50);
        stats = await stat();
      }
      const text = TEXT.replace('data abort ', '');
      const last = {
        exception: 'data abort',
        pc: `0x${fault}`,
        address: '0xdea0008',
        level: 1,
        syndrome: '0x96000010',
        text,
      };
      const faults = stats.engine.vcpus[0]?.faults;
      expect(faults).toEqual({ taken: faults?.repeated, repeated: faults?.taken, endless: false, last });
      const { stdout } = await space.qvm(['stat', 'hang'], { env });
      expect(stdout).toMatch(/^faults 0 +\d+ taken, the last one \d+ times in a row: data abort at 0x/m);
      expect(stdout).toContain(TEXT);
      const console = onTerminal(
        `${QVM} console hang; echo "rc=$?"`,
        [
          ['Ctrl-A h', '\u0001s'],
          ['tlb 0', '\u0001d'],
        ],
        {
          cwd: space.folder,
          variables: env,
        },
      );
      expect((await console).replaceAll(/\r\n/g, '\n')).toContain(TEXT);
    } finally {
      await space.qvm(['host', 'stop'], { env });
      await host;
    }
  });

  it('is recognisable by Ctrl-A s', async () => {
    const line = `${QVM} start --alone hang.qvmconf; echo "rc=$?"`;
    // The greeting comes before the guest runs.
    let asking: NodeJS.Timeout | undefined;
    const output = await onTerminal(
      line,
      [
        ['Ctrl-A h', (_, type) => (asking = setInterval(() => type('\u0001s'), 100))],
        [
          TEXT,
          (_, type) => {
            clearInterval(asking);
            type('\u0001x');
          },
        ],
      ],
      { cwd: space.folder },
    );
    expect(output).toContain(TEXT);
    expect(output).toContain('rc=3');
  });
});
