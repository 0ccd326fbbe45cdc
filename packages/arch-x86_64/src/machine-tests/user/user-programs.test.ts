import { readFileSync } from 'node:fs';
import { State, Vector } from '@qvm/isa-x86_64';
import type { Engine } from '@qvm/core/architecture';
import { Cr0 } from '../../state/control-bits.js';
import { x86ModelOf } from '../../system/cpu-model.js';
import { Dr6 } from '../../system/debug-registers.js';
import { CODE, hex, MachineHarness, RAM_BYTES } from '../machine-harness.test.helper.js';
import { USER_PROGRAMS } from './programs.test.helper.js';
import type { UserProgram } from './programs.test.helper.js';

/** Recorded by scripts/record-user-programs.mjs. */
const RECORDED: ReadonlyMap<string, string> = new Map(
  readFileSync(new URL('../../../testdata/user-programs.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => {
      const at = line.lastIndexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)] as const;
    }),
);

const PAGE_BYTES = 0x1000;
const DATA = RAM_BYTES - PAGE_BYTES;
const STACK_TOP = 0x50_0000 + PAGE_BYTES / 2;
const WITH_ERROR: readonly number[] = [Vector.DF, Vector.TS, Vector.NP, Vector.SS, Vector.GP, Vector.PF, Vector.AC];
const BUDGET = 3000;

/** The exceptions of a program, as the recording has them. */
function exceptionsOf({ flags, code }: UserProgram, engine: Engine): string {
  const machine = new MachineHarness(1, engine, { model: x86ModelOf('max') });
  for (let vector = 0; vector < 20; vector++) {
    const error = WITH_ERROR.includes(vector) ? '58' : '31 c0';
    // The error code, or 0; RIP and the vector: out 0xe9, eax; mov eax, [rsp]; out 0xe9, eax; mov al, vector; out 0xe9, al; hlt
    const number = vector.toString(16).padStart(2, '0');
    machine.handler(vector, hex(`${error} e7 e9 8b 04 24 e7 e9 b0 ${number} e6 e9 f4`), { dpl: 3 });
  }
  // push rax; mov eax, [rsp + 8]; out 0xe9, eax; mov rax, dr6; out 0xe9, eax; xor eax, eax; mov dr6, rax; pop rax; iretq
  machine.handler(Vector.DB, hex('50 8b 44 24 08 e7 e9 0f 21 f0 e7 e9 31 c0 0f 23 f0 58 48 cf'));
  machine.enterLongMode([...hex(code), ...Array.from({ length: 64 }, () => 0xcc)], 3);
  const { state, vcpu } = machine;
  state.setU64(State.cr0, state.u64(State.cr0) | BigInt(Cr0.AM));
  const registers = { 7: DATA, 6: DATA + 0x100, 5: DATA + 0x200, 8: RAM_BYTES, 1: 3, 4: STACK_TOP };
  for (const [n, value] of Object.entries(registers)) state.setGpr(Number(n), BigInt(value));
  state.setU32(State.fcw, 0x37f);
  state.rflags = flags;
  vcpu.stateChanged();
  machine.run(BUDGET);
  return eventsOf(machine.log).join(' ');
}

/** The log of the handlers: a single step or INT1 has no vector. */
function eventsOf(log: readonly number[]): string[] {
  const end = log.length - 3;
  const events: string[] = [];
  for (let at = 0; at < end; at += 2)
    events.push(`1${(log[at + 1] as number) & Dr6.BS ? 's' : ''}/0@${(log[at] as number) - CODE}`);
  const [error, rip, vector] = log.slice(end) as [number, number, number];
  return [...events, `${vector}/${error}@${rip - CODE}`];
}

describe.each(['interp', 'wasm'] as const)(
  'single steps, alignment checks and traps of programs, engine %s',
  (engine) => {
    it.each(USER_PROGRAMS.map((program) => [program.name, program] as const))('%s', (name, program) => {
      expect(exceptionsOf(program, engine)).toBe(RECORDED.get(name));
    });
  },
);

it('all programs are recorded', () => {
  expect([...RECORDED.keys()]).toEqual(USER_PROGRAMS.map(({ name }) => name));
});
