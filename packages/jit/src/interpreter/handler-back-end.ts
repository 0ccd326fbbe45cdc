import { Flow } from '../builder/back-end.js';
import type { BackEnd, RegisterFile } from '../builder/back-end.js';
import type { Builder } from '../builder/builder.js';
import type { FlagModel } from '../builder/flag-model.js';
import { node } from '../builder/graph.js';
import type { Helper } from '../builder/helper.js';
import { BOUNCE_BYTES, EngineState, RECORD_BYTES } from '../builder/layout.js';
import type { Reg, V } from '../describe/value.js';
import { Ty } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { FIXED_REGISTER } from './operands.js';
import type { OperandInfo } from './operands.js';

/**
 * What one place in a record holds.
 *
 * @experimental
 */
export interface Slot {
  /** Byte offset in the record. */
  readonly offset: number;
  readonly operand: number;
  /** How the value is written: a state offset of a register, a number, or the distance of a branch in records. */
  readonly kind: 'source' | 'destination' | 'u16' | 'i32' | 'i64' | 'near';
  readonly file: RegisterFile | undefined;
}

/** Labels and locals of the function that the handlers live in. @internal */
export interface RunFrame {
  readonly cpu: number;
  readonly ip: number;
  readonly left: number;
  readonly reason: number;
  readonly target: number;
  /** Label: next instruction. */
  readonly next: number;
  /** Label: `ip` was set by a jump or a loop: perhaps a region begins here. */
  readonly enter: number;
  /** Label: go on at the pc in `target`. */
  readonly transfer: number;
  /** Label: return with `reason`. */
  readonly exit: number;
  /** Label: return with a fault, the instruction undone. */
  readonly abort: number;
}

/** The slow path of {@link Builder.open}: (cpu, va, info) → address. @internal */
export const SLOW_OPEN: Helper = {
  module: 'core',
  name: 'slowOpen',
  params: [Ty.i32, Ty.i64, Ty.i32],
  result: Ty.i32,
  pure: false,
};
/** Packs the lazy flags: (cpu) → flags. @internal */
export const PACK_FLAGS: Helper = { module: 'core', name: 'packFlags', params: [Ty.i32], result: Ty.i32, pure: true };
/** Writes the bounce buffer out. @internal */
export const FLUSH: Helper = { module: 'env', name: 'flush', params: [], result: undefined, pure: false };

/** Where the target of a branch lies: ahead in the page, behind, or in another page. @internal */
export enum Reach {
  Ahead,
  Behind,
  Far,
}

/** Number of {@link Reach} values. @internal */
export const REACHES = 3;

const SLOT_BYTES = { source: 2, destination: 2, u16: 2, i32: 4, near: 4, i64: 8 } as const;

/**
 * Emits one interpreter handler: operands come from the record at `ip`, registers and flags from the vCPU's state.
 *
 * @internal
 */
export class HandlerBackEnd implements BackEnd {
  /** An instruction knows nothing of those before it. */
  readonly facts = undefined;
  readonly slots: Slot[] = [];
  /** How control leaves the instruction. */
  flow = Flow.Next;
  #used = 2;

  constructor(
    readonly builder: Builder,
    private readonly frame: RunFrame,
    private readonly operands: readonly OperandInfo[],
    private readonly reach: Reach,
    private readonly flags: FlagModel,
    private readonly functionOf: (helper: Helper) => number,
  ) {}

  emitOperand(operand: number, ty: Ty): void {
    const { kind } = this.operands[operand] as OperandInfo;
    const wide = ty === Ty.i64;
    const [slot, op] =
      kind === 'small'
        ? [this.#slot(operand, 'u16'), wide ? Op.i64_load16_u : Op.i32_load16_u]
        : kind === 'wide'
          ? [this.#slot(operand, 'i64'), wide ? Op.i64_load : Op.i32_load]
          : [this.#slot(operand, 'i32'), wide ? Op.i64_load32_s : Op.i32_load];
    this.builder.code.get(this.frame.ip).memory(op, slot);
  }

  emitRegister(file: RegisterFile, register: Reg, _ty: Ty, opcode: number): void {
    const { code } = this.builder;
    const number = register as unknown as number;
    if (number >= FIXED_REGISTER) {
      code.get(this.frame.cpu).memory(opcode, file.readOffset(number - FIXED_REGISTER));
      return;
    }
    this.#stateAddress(number, 'source', file);
    code.memory(opcode, 0);
  }

  registerOffset(): undefined {
    return undefined;
  }

  writeRegister(file: RegisterFile, register: Reg, opcode: number, value: () => void): void {
    const { code } = this.builder;
    const number = register as unknown as number;
    if (number >= FIXED_REGISTER) {
      code.get(this.frame.cpu);
      value();
      code.memory(opcode, file.writeOffset(number - FIXED_REGISTER));
      return;
    }
    this.#stateAddress(number, 'destination', file);
    value();
    code.memory(opcode, 0);
  }

  shareProbe(): undefined {
    // Each instruction stands for itself.
  }

  emitPc(): void {
    const { cpu, ip } = this.frame;
    this.builder.code.get(cpu).memory(Op.i64_load, EngineState.pcBias);
    this.builder.code.get(ip).i32(2).op(IntOp.shr[0]).op(Op.i64_extend_i32_u).op(IntOp.add[1]);
  }

  condition(cond: number): V {
    const b = this.builder;
    const { flags } = this;
    const kind = b.stateAt(EngineState.flagKind, 4);
    const direct = flags.test(b, flags.common, b.stateAt(EngineState.flagX, 8), b.stateAt(EngineState.flagY, 8), cond);
    const packed = b.and(b.shr(b.i32(flags.truth[cond] as number), this.packedFlags()), b.imm(1));
    return b.choose(b.eq(kind, b.imm(flags.common)), direct, packed);
  }

  packedFlags(): V {
    return this.builder.call(PACK_FLAGS, this.builder.state());
  }

  commitFlags(kind: number, x: V, y: V, computed?: V): void {
    const { code } = this.builder;
    const { cpu } = this.frame;
    code.get(cpu);
    this.builder.emitAs(node(x), Ty.i64);
    code.memory(Op.i64_store, EngineState.flagX);
    code.get(cpu);
    this.builder.emitAs(node(y), Ty.i64);
    code.memory(Op.i64_store, EngineState.flagY);
    code.get(cpu);
    if (computed !== undefined) this.builder.emit(computed);
    else code.i32(kind);
    code.memory(Op.i32_store, EngineState.flagKind);
  }

  emitMiss(va: () => void, info: number): void {
    const { code, locals } = this.builder;
    const { cpu, ip, left, abort } = this.frame;
    const address = locals.take(Ty.i32);
    // What the engine sees from inside the access: where the guest is, and how far it has come.
    code.get(cpu).get(ip).memory(Op.i32_store, EngineState.ip);
    code.get(cpu).get(left).memory(Op.i32_store, EngineState.left);
    code.get(cpu);
    va();
    code.i32(info).call(this.functionOf(SLOW_OPEN)).tee(address);
    code.op(Op.i32_eqz).brIf(abort);
    this.#ifBounced(() => code.get(address));
    // A device was accessed: return to the engine after this instruction, which may have raised an interrupt.
    code
      .get(cpu)
      .get(cpu)
      .memory(Op.i32_load, EngineState.stolen)
      .get(left)
      .op(IntOp.add[0])
      .memory(Op.i32_store, EngineState.stolen);
    code.get(cpu).i32(0).tee(left).memory(Op.i32_store, EngineState.left);
    code.get(cpu).i32(0).memory(Op.i32_store, EngineState.aside);
    code.end().get(address);
  }

  flushStore(address: () => void): void {
    const { code } = this.builder;
    this.#ifBounced(address);
    code.call(this.functionOf(FLUSH));
    code.end();
  }

  /** Begins what is done for an address in the bounce buffer: it lies below the state, where no guest memory is. */
  #ifBounced(address: () => void): void {
    const { code } = this.builder;
    code.get(this.frame.cpu);
    address();
    code
      .op(IntOp.sub[0])
      .i32(BOUNCE_BYTES + 1)
      .op(IntOp.ltu[0])
      .if();
  }

  leave(reason: number, info: () => void): void {
    const { code } = this.builder;
    code.get(this.frame.cpu);
    info();
    code.memory(Op.i32_store, EngineState.exitInfo);
    code.i32(reason).set(this.frame.reason).br(this.frame.exit);
  }

  finish(flow: Flow, condition: number, target: number, reason: number): void {
    const { code } = this.builder;
    const { ip, enter, transfer } = this.frame;
    this.flow = flow;
    switch (flow) {
      case Flow.Next:
        this.#advance();
        break;
      case Flow.Jump:
      case Flow.Call:
        if (this.reach !== Reach.Far) {
          code.get(ip).get(ip).memory(Op.i32_load, this.#target(target)).op(IntOp.add[0]).set(ip).br(enter);
        } else {
          this.#far(target);
          code.br(transfer);
        }
        break;
      case Flow.Branch:
        this.#branch(condition, target);
        break;
      case Flow.Indirect:
      case Flow.IndirectCall:
        this.builder.emitNode(target);
        code.set(this.frame.target);
        code.get(this.frame.cpu);
        this.emitPc();
        code.memory(Op.i64_store, EngineState.leftFrom).br(transfer);
        break;
      case Flow.Refetch:
        this.emitPc();
        code.i64(4).op(IntOp.add[1]).set(this.frame.target).br(transfer);
        break;
      case Flow.Leave:
        this.leave(reason, () => this.builder.emitNode(target));
        break;
    }
  }

  #branch(condition: number, target: number): void {
    const { code } = this.builder;
    const { ip, next, enter, transfer } = this.frame;
    if (this.reach === Reach.Ahead) {
      code.get(ip).get(ip).memory(Op.i32_load, this.#target(target)).i32(RECORD_BYTES);
      this.builder.emitNode(condition);
      code.op(Op.select).op(IntOp.add[0]).set(ip).br(next);
      return;
    }
    this.builder.emitNode(condition);
    code.if();
    if (this.reach === Reach.Far) {
      this.#far(target);
      code.br(transfer);
    } else {
      code.get(ip).get(ip).memory(Op.i32_load, this.#target(target)).op(IntOp.add[0]).set(ip).br(enter);
    }
    code.end();
    this.#advance();
  }

  #advance(): void {
    const { ip, next } = this.frame;
    this.builder.code.get(ip).i32(RECORD_BYTES).op(IntOp.add[0]).set(ip).br(next);
  }

  #far(target: number): void {
    const operand = this.#targetOperand(target);
    this.emitPc();
    this.builder.code.get(this.frame.ip).memory(Op.i64_load32_s, this.#slot(operand, 'i32')).op(IntOp.add[1]);
    this.builder.code.set(this.frame.target);
  }

  #target(target: number): number {
    return this.#slot(this.#targetOperand(target), 'near');
  }

  #targetOperand(target: number): number {
    const operand = this.builder.operandOf(target);
    if (operand < 0 || (this.operands[operand] as OperandInfo).kind !== 'target')
      throw new Error('a branch needs an operand of kind target');
    return operand;
  }

  #stateAddress(register: number, kind: 'source' | 'destination', file: RegisterFile): void {
    const { code } = this.builder;
    code
      .get(this.frame.cpu)
      .get(this.frame.ip)
      .memory(Op.i32_load16_u, this.#slot(register, kind, file))
      .op(IntOp.add[0]);
  }

  #slot(operand: number, role: Slot['kind'], file?: RegisterFile): number {
    const kind = file?.inPlace ? 'source' : role;
    const found = this.slots.find((s) => s.operand === operand && s.kind === kind && s.file === file);
    if (found) return found.offset;
    const offset = this.#used;
    this.#used += SLOT_BYTES[kind];
    if (this.#used > RECORD_BYTES) throw new Error('the operands of a row do not fit a record');
    this.slots.push({ offset, operand, kind, file });
    return offset;
  }
}
