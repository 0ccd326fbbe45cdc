import { VcpuExit } from '@qvm/core/architecture';
import { Gpr, Vector } from '@qvm/isa-x86_64';
import { Cr4, Efer } from '../state/control-bits.js';
import { State } from '@qvm/isa-x86_64';
import { x86ModelOf } from '../system/cpu-model.js';
import { hex, MachineHarness, STACK } from './machine-harness.test.helper.js';

/** A loop, so that the program is translated, then an instruction. */
const LOOP = 'b9 04 00 00 00 ff c9 75 fc';

/** Vectors of the exceptions that an instruction raises. */
function exceptionsOf(engine: 'interp' | 'wasm', model: string, code: string): readonly number[] {
  const machine = new MachineHarness(1, engine, { model: x86ModelOf(model) });
  machine.handler(Vector.UD, hex('b0 06 e6 e9 f4'));
  machine.enterLongMode(hex(`${LOOP} ${code} f4`));
  const { state } = machine;
  state.setU64(State.cr4, state.u64(State.cr4) | BigInt(Cr4.OSXSAVE));
  state.setU64(State.xcr0, 7n);
  state.setU64(State.efer, state.u64(State.efer) & ~BigInt(Efer.SCE));
  state.setGpr(Gpr.RDI, BigInt(STACK - 0x1000));
  machine.vcpu.stateChanged();
  expect(machine.run()).toBe(VcpuExit.Halted);
  return machine.log;
}

describe.each(['interp', 'wasm'] as const)(
  'processors raise #UD for instructions that they do not have: %s',
  (engine) => {
    it.each([
      ['x86-64-v1', 'cmpxchg16b [rdi]', '48 0f c7 0f'],
      ['x86-64-v1', 'lahf', '9f'],
      ['x86-64-v1', 'popcnt eax, ecx', 'f3 0f b8 c1'],
      ['x86-64-v1', 'fisttp dword [rdi]', 'db 0f'],
      ['x86-64-v1', 'pshufb mm0, mm1', '0f 38 00 c1'],
      ['x86-64-v1', 'crc32 eax, cl', 'f2 0f 38 f0 c1'],
      ['x86-64-v2', 'aesenc xmm0, xmm1', '66 0f 38 dc c1'],
      ['x86-64-v2', 'vpaddd ymm0, ymm1, ymm2', 'c5 f5 fe c2'],
      ['x86-64-v2', 'andn eax, eax, ecx', 'c4 e2 78 f2 c1'],
      ['max,-avx2', 'vpaddd ymm0, ymm1, ymm2', 'c5 f5 fe c2'],
      ['max,-rdtscp', 'rdtscp', '0f 01 f9'],
      ['max,-cmov', 'cmovne eax, ecx', '0f 45 c1'],
    ])('%s: %s', (model, _, code) => {
      expect([exceptionsOf(engine, model, code), exceptionsOf(engine, 'max', code)]).toEqual([[Vector.UD], []]);
    });
  },
);
