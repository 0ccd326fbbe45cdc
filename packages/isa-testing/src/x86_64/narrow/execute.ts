import {
  CODE_MODES,
  Exit,
  SegmentRegister,
  State,
  SystemInfo,
  SystemOperation,
  Segment,
  Vector,
  WITH_ERROR_CODE,
} from '@qvm/isa-x86_64';
import type { CodeMode } from '@qvm/isa-x86_64';
import { ExitReason } from '@qvm/jit';
import { BareMachine, CODE_BASE, DATA_BASE } from '../bare-machine.js';
import { INSTRUCTION, WINDOW, WINDOW_BYTES } from '../encode.js';
import type { NarrowCase } from './case.js';
import { BREAKPOINT } from './result.js';
import type { NarrowResult } from './result.js';
import { selectorOf } from './setup.js';

const REGION = { instructions: 100, callee: 0, depth: 0, pages: 1 };
const BUDGET = 2000;
const DF = 0x400;
const PAGES = 2;
const [STATUS, SIZE] = [0x8d5, 2 ** 32];

/** Executes cases of a mode in qvm, in one of the tiers. */
export class NarrowRunner {
  readonly #machine: BareMachine;

  constructor(
    mode: CodeMode,
    private readonly tier: 'interpreter' | 'region',
  ) {
    this.#machine = new BareMachine(PAGES, PAGES, CODE_BASE, DATA_BASE, CODE_MODES[mode]);
  }

  /** The result; undefined if the vCPU would have to execute the instruction. */
  run(one: NarrowCase): NarrowResult | undefined {
    const machine = this.#machine;
    const code = new Uint8Array(PAGES * 4096).fill(0xcc);
    code.set(one.bytes, INSTRUCTION - CODE_BASE);
    machine.write(0, code);
    this.#load(one);
    if (this.tier === 'region') {
      // The first run decodes the instruction.
      machine.run(1, INSTRUCTION);
      machine.translate([INSTRUCTION - CODE_BASE], REGION);
      this.#load(one);
    }
    const { reason, pc } = machine.run(BUDGET, INSTRUCTION);
    const vector = this.#vector(reason);
    if (vector === undefined) return undefined;
    const at = WINDOW - DATA_BASE;
    return {
      vector,
      distance: pc - INSTRUCTION,
      registers: Array.from({ length: 8 }, (_, n) => Number(machine.register(n))),
      flags: machine.flags,
      data: machine.data.slice(at, at + WINDOW_BYTES),
    };
  }

  #vector(reason: number | 'outside'): number | undefined {
    const { exitInfo } = this.#machine;
    switch (reason) {
      case ExitReason.Undefined:
        return Vector.UD;
      case ExitReason.Fault:
        return Vector.PF;
      case Exit.Exception:
        return exitInfo & 0xff;
      case Exit.System: {
        const operation = exitInfo & SystemInfo.operationMask;
        if (operation === Number(SystemOperation.Undefined)) return Vector.UD;
        return operation === Number(SystemOperation.Int3) ? BREAKPOINT : undefined;
      }
      default:
        throw new Error(`the run ended with ${reason} at 0x${this.#machine.pc.toString(16)}`);
    }
  }

  #load({ registers, flags, setup, data }: NarrowCase): void {
    const machine = this.#machine;
    registers.forEach((value, n) => machine.setRegister(n, BigInt(value)));
    machine.flags = flags & STATUS;
    machine.data.fill(0);
    machine.data.set(data, WINDOW - DATA_BASE);
    const bytes = machine.stateBytes(0, State.end);
    const state = new DataView(bytes.buffer, bytes.byteOffset);
    state.setInt32(State.direction, flags & DF ? -1 : 1, true);
    state.setUint32(State.stackMask, setup.stackSize === 1 ? 0xffff : 0xffff_ffff, true);
    for (let n = SegmentRegister.ES; n <= SegmentRegister.GS; n++) {
      const isCode = n === SegmentRegister.CS;
      state.setUint32(State.segment + n * Segment.bytes + Segment.selector, selectorOf(n), true);
      state.setUint32(State.segment + n * Segment.bytes + Segment.limit, SIZE - 1, true);
      state.setBigUint64(State.segmentBase + n * 8, BigInt(setup.bases[n] as number), true);
      state.setUint32(State.segmentStart + n * 8, 0, true);
      state.setUint32(State.segmentFault + n * 8, Vector.GP | WITH_ERROR_CODE, true);
      state.setBigUint64(State.segmentReadable + n * 8, BigInt(SIZE), true);
      state.setBigUint64(State.segmentWritable + n * 8, BigInt(isCode ? 0 : SIZE), true);
    }
  }
}
