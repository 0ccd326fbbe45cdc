import { SegmentRegister, State, SystemOperation } from '@qvm/isa-x86_64';
import { Flag } from '../state/control-bits.js';
import { fromWords } from '../system/linear-memory.js';
import type { Core } from '../vcpu/core.js';
import type { Handlers } from '../vcpu/handlers.js';
import { opcodeOf } from '../vcpu/opcode-bytes.js';
import type { SystemOperands } from '../vcpu/operand.js';
import { jumped, next, Outcome } from '../vcpu/outcome.js';
import type { FarTransfer } from './far-transfer.js';
import type { InterruptReturn } from './interrupt-return.js';
import type { SegmentLoader } from './load-segment.js';
import type { Query, SegmentQueries } from './query.js';
import type { Stack } from './stack.js';

/** The segment register of an opcode that implies one: of POP, and the loads of far pointers. */
const SEGMENT_OF: Readonly<Record<number, SegmentRegister>> = {
  ...{ 0x07: SegmentRegister.ES, 0x17: SegmentRegister.SS, 0x1f: SegmentRegister.DS },
  ...{ 0x0fa1: SegmentRegister.FS, 0x0fa9: SegmentRegister.GS },
  ...{ 0xc4: SegmentRegister.ES, 0xc5: SegmentRegister.DS },
  ...{ 0x0fb2: SegmentRegister.SS, 0x0fb4: SegmentRegister.FS, 0x0fb5: SegmentRegister.GS },
};
/** RET with an immediate. */
const RET_RELEASING = 0xca;

/**
 * The instructions that load segment registers and transfer control between segments.
 *
 * @experimental
 */
export class SegmentInstructions {
  /** Called after a load of SS, which holds off interrupts and debug traps for one instruction (SDM vol. 3, 6.8.3). */
  onStackSegment: () => void = () => undefined;

  constructor(
    private readonly core: Core,
    private readonly operands: SystemOperands,
    private readonly loader: SegmentLoader,
    private readonly queries: SegmentQueries,
    private readonly far: FarTransfer,
    private readonly returns: InterruptReturn,
    private readonly stack: Stack,
  ) {}

  /** By operation. */
  handlers(): Handlers {
    const Op = SystemOperation;
    const query = (kind: Query) => (): Outcome => this.#query(kind);
    return {
      [Op.MovToSegment]: () => next(this.#move()),
      [Op.PopSegment]: () => next(this.#pop()),
      [Op.LoadFarPointer]: () => next(this.#loadPointer()),
      [Op.Lar]: query('lar'),
      [Op.Lsl]: query('lsl'),
      [Op.Verr]: query('verr'),
      [Op.Verw]: query('verw'),
      [Op.Arpl]: () => next(this.#adjustLevel()),
      [Op.CallFarMemory]: () => jumped(this.#throughMemory(true)),
      [Op.JmpFarMemory]: () => jumped(this.#throughMemory(false)),
      [Op.CallFarImmediate]: () => jumped(this.#throughImmediate(true)),
      [Op.JmpFarImmediate]: () => jumped(this.#throughImmediate(false)),
      [Op.RetFar]: () => jumped(this.far.return(this.#width, this.#released)),
      [Op.Iret]: () => jumped(this.returns.return(this.#width)),
      [Op.Clac]: () => next(this.#access(false)),
      [Op.Stac]: () => next(this.#access(true)),
    };
  }

  /** Operand size in bytes, of instructions that have no byte form. */
  get #width(): 2 | 4 | 8 {
    const { size } = this.operands;
    return size === 1 ? 2 : size;
  }

  #move(): boolean {
    const { operands, core } = this;
    return operands.read(2) && this.#load(operands.reg, core.memory.lo);
  }

  #load(segment: SegmentRegister, selector: number): boolean {
    const { core } = this;
    if (segment === SegmentRegister.CS || segment > SegmentRegister.GS) return core.fault.undefined();
    if (!this.loader.load(segment, selector)) return false;
    // The stack's width may have changed.
    if (segment === SegmentRegister.SS) this.onStackSegment();
    return true;
  }

  #pop(): boolean {
    const { stack, core } = this;
    stack.begin();
    if (!stack.pop(this.#width)) return false;
    const pointer = stack.pointer;
    if (!this.#load(this.#implied, core.memory.lo & 0xffff)) return false;
    stack.pointer = pointer;
    stack.commit();
    return true;
  }

  /** The segment register that the opcode implies. */
  get #implied(): SegmentRegister {
    const { core } = this;
    return SEGMENT_OF[opcodeOf(core.position.bytes(), core.state.mode64)] ?? SegmentRegister.CS;
  }

  /** LES, LDS, LSS, LFS and LGS: the offset goes to a general register. */
  #loadPointer(): boolean {
    const { operands, core } = this;
    const { memory } = core;
    const width = this.#width;
    if (!operands.checkAddress(width + 2) || !memory.read(operands.address, width)) return false;
    const { lo, hi } = memory;
    if (!memory.read(operands.address + width, 2) || !this.#load(this.#implied, memory.lo)) return false;
    operands.writeRegister(operands.reg, lo, hi, width);
    return true;
  }

  #query(kind: Query): Outcome {
    const { operands, queries, core } = this;
    if (!operands.read(2) || !queries.ask(kind, core.memory.lo)) return Outcome.Fault;
    if ((kind === 'lar' || kind === 'lsl') && core.state.rflags & Flag.ZF)
      operands.writeRegister(operands.reg, queries.value, 0, this.#width);
    return Outcome.Next;
  }

  /** ARPL: raises the level of a selector to that of another (SDM vol. 3, 5.10.4). */
  #adjustLevel(): boolean {
    const { operands, core } = this;
    const { state, memory, fault } = core;
    if (state.realSegments) return fault.undefined();
    if (!operands.read(2)) return false;
    const selector = memory.lo;
    const level = state.gpr32(operands.reg) & 3;
    const raised = (selector & 3) < level;
    if (raised) {
      const value = (selector & ~3) | level;
      if (!operands.inMemory) state.setGpr16(operands.rm, value);
      else if (!operands.checkAddress(2, 'write') || !memory.write(operands.address, 2, value)) return false;
    }
    state.zeroFlag = raised;
    return true;
  }

  #throughMemory(call: boolean): boolean {
    const { operands, core } = this;
    const { memory } = core;
    const width = this.#width;
    if (!operands.checkAddress(width + 2) || !memory.read(operands.address, width)) return false;
    const offset = width === 8 ? fromWords(memory.lo, memory.hi) : memory.lo;
    if (!memory.read(operands.address + width, 2)) return false;
    return this.#transfer(call, memory.lo, offset);
  }

  /** The offset is in the low half of the operand, the selector in the high half. */
  #throughImmediate(call: boolean): boolean {
    const { state } = this.core;
    return this.#transfer(call, state.u32(State.operandAddress + 4) & 0xffff, state.u32(State.operandAddress));
  }

  #transfer(call: boolean, selector: number, offset: number): boolean {
    return call ? this.far.call(selector, offset, this.#width) : this.far.jump(selector, offset);
  }

  /** Bytes that RET removes. */
  get #released(): number {
    const { state, position } = this.core;
    const releases = opcodeOf(position.bytes(), state.mode64) === RET_RELEASING;
    return releases ? state.u32(State.operandAddress) & 0xffff : 0;
  }

  #access(allowed: boolean): boolean {
    const { state, controls, fault } = this.core;
    // Not #GP, as other instructions of the supervisor (SDM vol. 2, CLAC, STAC).
    if (state.cpl !== 0) return fault.undefined();
    state.changeSystemFlags(Flag.AC, allowed ? Flag.AC : 0);
    controls.select();
    return true;
  }
}
