import { ExitReason } from '@qvm/jit';
import { Exit, State, Vector } from '@qvm/isa-x86_64';
import { BareMachine, CODE_BASE, DATA_BASE } from './bare-machine.js';
import type { Case } from './case.js';
import { imageOf, loadImage } from './x87-image.js';
import { INSTRUCTION, WINDOW, WINDOW_BYTES } from './encode.js';
import { SIGFPE, STATUS_FLAGS, VECTOR_BYTES } from './result.js';
import type { Result } from './result.js';

const HLT = 0xf4;
const REGION = { instructions: 100, callee: 0, depth: 0, pages: 1 };
const DF = 0x400;
/** Signals of Linux: the numbers that recordings have. */
const Signal = { ILL: 4, FPE: SIGFPE, SEGV: 11 } as const;
const BUDGET = 2000;
/** Exceptions that Linux reports as SIGFPE. */
const ARITHMETIC: readonly number[] = [Vector.DE, Vector.MF, Vector.XM];

/** Executes cases in qvm, in one of the tiers. */
export class CaseRunner {
  readonly #machine = new BareMachine();

  constructor(private readonly tier: 'interpreter' | 'region') {}

  /** The result; `undefined` if the vCPU would have to execute the instruction. */
  run(one: Case): Result | undefined {
    const machine = this.#machine;
    machine.write(INSTRUCTION - CODE_BASE, [...one.bytes, HLT]);
    if (this.tier === 'region') {
      // The first run decodes the instruction.
      this.#load(one);
      machine.run(1, INSTRUCTION);
      machine.translate([INSTRUCTION - CODE_BASE], REGION);
    }
    this.#load(one);
    const { reason } = machine.run(BUDGET, INSTRUCTION);
    const signal = this.#signal(reason);
    return signal === undefined ? undefined : this.#result(signal);
  }

  #load({ registers, flags, vectors, image, data }: Case): void {
    const machine = this.#machine;
    registers.forEach((value, n) => machine.setRegister(n, BigInt.asUintN(64, value)));
    machine.flags = flags & STATUS_FLAGS;
    const state = new DataView(machine.stateBytes(0, State.end).buffer, machine.stateBytes(0, State.end).byteOffset);
    state.setInt32(State.direction, flags & DF ? -1 : 1, true);
    machine.stateBytes(State.vector, VECTOR_BYTES).set(vectors);
    loadImage(state, image);
    machine.data.fill(0);
    machine.data.set(data, WINDOW - DATA_BASE);
  }

  #signal(reason: number | 'outside'): number | undefined {
    switch (reason) {
      case Exit.Halt:
        return 0;
      case ExitReason.Undefined:
        return Signal.ILL;
      case ExitReason.Fault:
        return Signal.SEGV;
      case Exit.Exception:
        return ARITHMETIC.includes(this.#machine.exitInfo & 0xff) ? Signal.FPE : Signal.SEGV;
      case Exit.System:
        return undefined;
      default:
        throw new Error(`the run ended with ${reason} at 0x${this.#machine.pc.toString(16)}`);
    }
  }

  #result(signal: number): Result {
    const machine = this.#machine;
    const vectors = machine.stateBytes(State.vector, VECTOR_BYTES).slice();
    const at = WINDOW - DATA_BASE;
    return {
      signal,
      registers: Array.from({ length: 16 }, (_, n) => machine.register(n)),
      flags: machine.flags,
      vectors,
      image: imageOf(machine.stateBytes(0, State.end)),
      data: machine.data.slice(at, at + WINDOW_BYTES),
    };
  }
}
