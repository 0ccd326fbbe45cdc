import { Gpr, Shadow, State, SystemOperation, Vector } from '@qvm/isa-x86_64';
import { changeableFlags } from '../segments/interrupt-return.js';
import type { Stack } from '../segments/stack.js';
import { Flag, IOPL_SHIFT, WRITABLE_FLAGS } from '../state/control-bits.js';
import { fromWords } from '../system/linear-memory.js';
import type { Core } from './core.js';
import { EventSource, simpleEvent } from './event.js';
import type { ExceptionUnit } from './exceptions.js';
import { plainException } from './exceptions.js';
import type { Handlers } from './handlers.js';
import type { SystemOperands } from './operand.js';
import { jumped, next, Outcome } from './outcome.js';

const MOST_LEVELS = 31;

/**
 * Instructions of programs that the vCPU executes: software interrupts, POPF, ENTER with a nesting level, jumps of 16 bits that wrap, and those
 * that do not exist here.
 *
 * @experimental
 */
export class ProgramInstructions {
  constructor(
    private readonly core: Core,
    private readonly operands: SystemOperands,
    private readonly stack: Stack,
    private readonly exceptions: ExceptionUnit,
  ) {}

  /** By operation. */
  handlers(): Handlers {
    const Op = SystemOperation;
    const { operands, core } = this;
    const undefined_ = (): Outcome => next(core.fault.undefined());
    return {
      [Op.Int]: () => this.#interrupt(operands.immediate, true),
      [Op.Int3]: () => this.#interrupt(Vector.BP, false),
      [Op.Into]: () => (core.state.rflags & Flag.OF ? this.#interrupt(Vector.OF, false) : Outcome.Next),
      [Op.Int1]: () => this.#debugTrap(),
      [Op.Popf]: () => next(this.#popFlags()),
      [Op.Cli]: () => next(this.#interruptFlag(false)),
      [Op.Sti]: () => next(this.#interruptFlag(true)),
      [Op.Divide]: () => next(this.#divide(false)),
      [Op.DivideSigned]: () => next(this.#divide(true)),
      [Op.JumpNear]: () => jumped(this.#jumpNear(false)),
      [Op.CallNear]: () => jumped(this.#jumpNear(true)),
      [Op.Undefined]: undefined_,
      [Op.Enter]: () => next(this.#enter()),
      // CPUID claims none of these.
      ...Object.fromEntries(ABSENT.map((operation) => [operation, undefined_])),
    };
  }

  /** INT n, INT3 and INTO. In virtual-8086 mode INT n needs IOPL 3. */
  #interrupt(vector: number, explicit: boolean): Outcome {
    const { core } = this;
    const { state, fault } = core;
    const iopl = (state.systemFlags >>> IOPL_SHIFT) & 3;
    if (explicit && state.virtual8086 && iopl < 3) return next(fault.protection());
    this.exceptions.take(simpleEvent(vector, EventSource.Software, core.nextRip));
    return Outcome.Jumped;
  }

  /** JMP and CALL to an offset that generated code has checked. */
  #jumpNear(call: boolean): boolean {
    const { core, stack, operands } = this;
    if (call) {
      stack.begin();
      if (!stack.push(operands.size, core.nextRip)) return false;
      stack.commit();
    }
    core.jump(core.state.u32(State.operandAddress));
    return true;
  }

  /** INT1: a #DB that needs no permission of the gate. */
  #debugTrap(): Outcome {
    this.exceptions.take(plainException(Vector.DB, this.core.nextRip));
    return Outcome.Jumped;
  }

  /** POPF (SDM vol. 2): bits that the privilege level may not change keep their values. */
  #popFlags(): boolean {
    const { core, operands, stack } = this;
    const { state, memory, fault } = core;
    const width = operands.size === 1 ? 2 : operands.size;
    if (state.virtual8086 && ((state.systemFlags >>> IOPL_SHIFT) & 3) < 3) return fault.protection();
    stack.begin();
    if (!stack.pop(width)) return false;
    const fixed = Flag.VM | Flag.VIF | Flag.VIP | Flag.RF;
    const allowed = state.realSegments
      ? WRITABLE_FLAGS & ~(state.virtual8086 ? Flag.IOPL : 0)
      : changeableFlags(state.cpl, state.systemFlags);
    const mask = allowed & ~fixed & (width === 2 ? 0xffff : ~0);
    const flags = memory.lo;
    stack.commit();
    state.rflags = (state.rflags & ~(mask | Flag.RF)) | (flags & mask);
    core.controls.select();
    return true;
  }

  /** CLI and STI (SDM vol. 2). STI holds off interrupts for one instruction if it has enabled them. */
  #interruptFlag(enabled: boolean): boolean {
    const { state, fault } = this.core;
    const iopl = (state.systemFlags >>> IOPL_SHIFT) & 3;
    if (state.protectedMode && state.cpl > iopl) return fault.protection();
    const before = state.systemFlags & Flag.IF;
    state.changeSystemFlags(Flag.IF, enabled ? Flag.IF : 0);
    if (enabled && !before) state.setU32(State.shadow, Shadow.Sti);
    return true;
  }

  /** DIV and IDIV of RDX:RAX: #DE if the quotient does not fit 64 bits (SDM vol. 2). */
  #divide(signed: boolean): boolean {
    const { state, fault } = this.core;
    const low = state.gpr(Gpr.RAX);
    const high = state.gpr(Gpr.RDX);
    const as = (bits: number, value: bigint): bigint => (signed ? BigInt.asIntN(bits, value) : value);
    const dividend = as(128, (high << 64n) | low);
    const divisor = as(64, state.u64(State.operandAddress));
    if (divisor === 0n) return fault.raise(Vector.DE);
    const quotient = dividend / divisor;
    if (quotient !== (signed ? BigInt.asIntN(64, quotient) : BigInt.asUintN(64, quotient)))
      return fault.raise(Vector.DE);
    state.setGpr(Gpr.RAX, quotient);
    state.setGpr(Gpr.RDX, dividend % divisor);
    return true;
  }

  /** ENTER with a nesting level: `operandAddress` holds the size in bits 15–0 and the level in bits 23–16. */
  #enter(): boolean {
    const { core, operands, stack } = this;
    const { state, memory } = core;
    const width = operands.size === 1 ? 2 : operands.size;
    const parameters = state.u32(State.operandAddress);
    const level = (parameters >>> 16) & MOST_LEVELS;
    stack.begin();
    const at = State.gpr + Gpr.RBP * 8;
    if (!stack.push(width, state.u32(at), state.u32(at + 4))) return false;
    const frame = stack.pointer;
    const words: (readonly [number, number])[] = [];
    for (let n = 1; n < level; n++) {
      if (!stack.peekAt(fromWords(state.u32(at), state.u32(at + 4)) - n * width, width)) return false;
      words.push([memory.lo, memory.hi]);
    }
    for (const [lo, hi] of words) if (!stack.push(width, lo, hi)) return false;
    if (level > 0 && !stack.pushNumber(width, frame)) return false;
    stack.release(-(parameters & 0xffff));
    if (!stack.hasRoom(width)) return false;
    stack.commit();
    if (width === 2) state.setGpr16(Gpr.RBP, frame);
    else state.setGpr(Gpr.RBP, width === 4 ? BigInt(frame >>> 0) : BigInt(frame));
    return true;
  }
}

const ABSENT: readonly SystemOperation[] = [
  SystemOperation.Rdpid,
  ...[SystemOperation.Rdrand, SystemOperation.Rdseed, SystemOperation.Monitor, SystemOperation.Mwait],
  ...[SystemOperation.Rsm, SystemOperation.Getsec],
];
