import { elfProgram } from '@qvm/testing';
import { readFileSync } from 'node:fs';
import { Workspace } from './run-qvm.test.helper.js';

/* A bare program in 64-bit mode, whose runs under counted time must be the same in every event. */

const space = new Workspace();
afterAll(() => space.dispose());

/**
 * A stack; an IDT with a gate for vector 0x40; x2APIC mode, with the timer of the local APIC periodic at that vector; then
 * 400 rounds of a hash over 2 KiB with RDTSC, each with a letter of the result for COM1, and HLT and a counter of the PIT
 * in every 64th; power-off by ACPI. The handler counts, and ends the interrupt.
 */
const PROGRAM =
  'bc00001800488d05d2000000bf00041400668907668cc966894f0266c74704008e48c1e8106689470648c74708000000000f011dc8000000' +
  'b91b0000000f320d000c00000f30b90f080000b8ff01000031d20f30b93e080000b80b0000000f30b932080000b8400002000f30b9380800' +
  '00b8204e00000f30fb41bc90010000be00001600b900010000488b064869c0cd0d01004801c848c1c0074831c348891e4883c608ffc975e1' +
  '0f3131c366baf80388d8240f0461ee41f7c43f0000007505f4e44030c341ffcc75b5fa48891c250080160066ba040666b8002066eff45051' +
  '5248ff042508801600b90b08000031c031d20f305a595848cf90909090909090ff0f0000140000000000';

const EVENTS = ['halt', 'interrupt', 'interruptReturn', 'io', 'msr', 'time', 'budget'];

it('an x86_64 guest under --icount has the same trace in every run, in both engines', async () => {
  space.write('p.elf', elfProgram('x86_64', 0x10_0000, Buffer.from(PROGRAM, 'hex')));
  space.write('p.qvmconf', 'system p\narch x86_64\nram 16M\nload p.elf\n');
  const run = async (engine: string, name: string): Promise<readonly [trace: string, output: string]> => {
    const args = ['start', '--alone', 'p.qvmconf', '--icount', '--engine', engine, '--trace', name];
    const { exitCode, stdout, stderr } = await space.qvm(args, { input: '' });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    return [readFileSync(`${space.folder}/${name}`, 'utf8'), stdout];
  };
  const first = await run('wasm', 'first.txt');
  expect(first[1]).toMatch(/^[a-p]{400}$/);
  const counts = EVENTS.map((event) => first[0].split(` exit ${event} `).length - 1);
  for (const count of counts) expect(count).toBeGreaterThan(5);
  expect(await run('wasm', 'again.txt')).toEqual(first);
  expect(await run('interp', 'interpreted.txt')).toEqual(first);
});
