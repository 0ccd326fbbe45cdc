import { Flow } from '../builder/back-end.js';
import type { BackEnd, LazyOperands } from '../builder/back-end.js';
import type { Builder } from '../builder/builder.js';
import { testCondition } from '../builder/conditions.js';
import type { FlagModel } from '../builder/flag-model.js';
import { node } from '../builder/graph.js';
import type { Helper } from '../builder/helper.js';
import { EngineState, RECORD_BYTES } from '../builder/layout.js';
import type { RegisterFile } from '../builder/register-file.js';
import type { Reg, V } from '../describe/value.js';
import type { RecordPlan } from '../records/record-plan.js';
import { Ty } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { FLUSH, PACK_FLAGS, SLOW_OPEN } from './core-functions.js';
import { emitFlush, emitMiss } from './handler-access.js';
import { FIXED_REGISTER } from './operands.js';
import type { OperandInfo } from './operands.js';
import { Reach } from './reach.js';
import { RecordFields } from './record-fields.js';
import { emitLoad, emitStore } from './register-access.js';
import type { RunFrame } from './run-frame.js';

/** Shared by all handlers of an interpreter. @internal */
export interface HandlerContext {
  readonly frame: RunFrame;
  readonly plan: RecordPlan;
  readonly flags: FlagModel;
  readonly functionOf: (helper: Helper) => number;
}

/**
 * Emits one interpreter handler: operands come from the record at `ip`, registers and flags from the vCPU's state.
 *
 * @internal
 */
export class HandlerBackEnd implements BackEnd {
  /** No facts are known, because any instruction may have come before. */
  readonly facts = undefined;
  /** The next instruction is not known. */
  readonly flagsAreDead = false;
  readonly opensDirectly = false;
  /** The fields of the handler's records. */
  readonly fields: RecordFields;
  /** How the instruction transfers control. */
  flow = Flow.Next;

  constructor(
    private readonly builder: Builder,
    private readonly context: HandlerContext,
    private readonly operands: readonly OperandInfo[],
    private readonly reach: Reach,
  ) {
    this.fields = new RecordFields(context.plan.headerBytes);
  }

  spareInstructions(): V {
    return this.builder.local(this.context.frame.left, Ty.i32);
  }

  remaining(): V {
    return this.spareInstructions();
  }

  retireMore(count: () => void): void {
    const { code } = this.builder;
    const { left } = this.context.frame;
    code.get(left);
    count();
    code.op(IntOp.sub[0]).set(left);
  }

  emitOperand(operand: number, ty: Ty): void {
    const { kind } = this.operands[operand] as OperandInfo;
    const wide = ty === Ty.i64;
    const [field, op] =
      kind === 'byte'
        ? [this.fields.offsetOf(operand, 'u8'), wide ? Op.i64_load8_u : Op.i32_load8_u]
        : kind === 'place'
          ? [this.fields.offsetOf(operand, 'place'), wide ? Op.i64_load32_s : Op.i32_load]
          : kind === 'small'
            ? [this.fields.offsetOf(operand, 'u16'), wide ? Op.i64_load16_u : Op.i32_load16_u]
            : kind === 'wide'
              ? [this.fields.offsetOf(operand, 'i64'), wide ? Op.i64_load : Op.i32_load]
              : [this.fields.offsetOf(operand, 'i32'), wide ? Op.i64_load32_s : Op.i32_load];
    this.builder.code.get(this.context.frame.ip).memory(op, field);
  }

  emitRegister(file: RegisterFile, register: Reg, ty: Ty): void {
    const offset = this.#emitStateAddress(file, register, 'source');
    emitLoad(this.builder.code, file, ty, offset);
  }

  registerOffset(): undefined {
    return undefined;
  }

  writeRegister(file: RegisterFile, register: Reg, value: () => void): void {
    const offset = this.#emitStateAddress(file, register, 'destination');
    value();
    emitStore(this.builder.code, file, offset);
  }

  shareProbe(): undefined {
    // Handlers share no lookups.
  }

  emitPc(): void {
    const { plan, frame } = this.context;
    plan.emitPc(this.builder.code, frame.cpu, frame.ip);
  }

  emitNextPc(): void {
    const { plan, frame } = this.context;
    plan.emitNextPc(this.builder.code, frame.cpu, frame.ip);
  }

  lastFetched(): V {
    const b = this.builder;
    return b.sub(b.nextPc(), b.i64(1));
  }

  condition(condition: number): V {
    const b = this.builder;
    const lazy = {
      known: undefined,
      kind: () => b.stateAt(EngineState.flagKind, 4),
      x: b.stateAt(EngineState.flagX, 8),
      y: b.stateAt(EngineState.flagY, 8),
      packed: () => this.packedFlags(),
    };
    return testCondition(b, this.context.flags, lazy, condition);
  }

  lazyFlags(): LazyOperands {
    const b = this.builder;
    return {
      known: undefined,
      kind: b.stateAt(EngineState.flagKind, 4),
      x: b.stateAt(EngineState.flagX, 8),
      y: b.stateAt(EngineState.flagY, 8),
    };
  }

  packedFlags(): V {
    return this.builder.call(PACK_FLAGS, this.builder.state());
  }

  commitFlags(kind: number, x: V, y: V, computed?: V): void {
    const { code } = this.builder;
    const { cpu } = this.context.frame;
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
    const { frame, functionOf } = this.context;
    emitMiss(this.builder, frame, va, info, functionOf(SLOW_OPEN));
  }

  flushStore(address: () => void): void {
    const { frame, functionOf } = this.context;
    emitFlush(this.builder, frame, address, functionOf(FLUSH));
  }

  leave(reason: number, info: () => void): void {
    const { code } = this.builder;
    const { frame } = this.context;
    code.get(frame.cpu);
    info();
    code.memory(Op.i32_store, EngineState.exitInfo);
    code.i32(reason).set(frame.reason).br(frame.exit);
  }

  skip(): void {
    this.#advance();
  }

  finish(flow: Flow, condition: number, target: number, reason: number): void {
    const { code } = this.builder;
    const { cpu, transfer, target: to } = this.context.frame;
    this.flow = flow;
    switch (flow) {
      case Flow.Next:
        this.#advance();
        break;
      case Flow.Jump:
      case Flow.Call:
        this.#jump(target);
        break;
      case Flow.Branch:
        this.#branch(condition, target);
        break;
      case Flow.Indirect:
      case Flow.IndirectCall:
        this.builder.emitNode(target);
        code.set(to).get(cpu);
        this.emitPc();
        code.memory(Op.i64_store, EngineState.leftFrom).br(transfer);
        break;
      case Flow.Switch:
        this.builder.emitNode(target);
        code.set(to).br(transfer);
        break;
      case Flow.Refetch:
        this.emitNextPc();
        code.set(to).br(transfer);
        break;
      case Flow.Leave:
        this.leave(reason, () => this.builder.emitNode(target));
        break;
    }
  }

  #jump(target: number): void {
    const { code } = this.builder;
    const { ip, enter, transfer, target: to } = this.context.frame;
    if (this.reach !== Reach.Far) {
      code.get(ip);
      this.#emitDistance(target);
      code.op(IntOp.add[0]).set(ip).br(enter);
      return;
    }
    const field = this.fields.offsetOf(this.#targetOperand(target), 'i32');
    this.emitPc();
    code.get(ip).memory(Op.i64_load32_s, field).op(IntOp.add[1]).set(to).br(transfer);
  }

  #branch(condition: number, target: number): void {
    const { code } = this.builder;
    const { ip, next } = this.context.frame;
    if (this.reach === Reach.Ahead) {
      code.get(ip);
      this.#emitDistance(target);
      code.i32(RECORD_BYTES);
      this.builder.emitNode(condition);
      code.op(Op.select).op(IntOp.add[0]).set(ip).br(next);
      return;
    }
    this.builder.emitNode(condition);
    code.if();
    this.#jump(target);
    code.end();
    this.#advance();
  }

  #advance(): void {
    const { ip, next } = this.context.frame;
    this.builder.code.get(ip).i32(RECORD_BYTES).op(IntOp.add[0]).set(ip).br(next);
  }

  /** Pushes the distance to the record of a branch's target. */
  #emitDistance(target: number): void {
    const field = this.fields.offsetOf(this.#targetOperand(target), 'near');
    this.builder.code.get(this.context.frame.ip).memory(Op.i32_load, field);
  }

  #targetOperand(target: number): number {
    const operand = this.builder.operandOf(target);
    if (operand < 0 || (this.operands[operand] as OperandInfo).kind !== 'target')
      throw new Error('a branch needs an operand of kind target');
    return operand;
  }

  /** Pushes an address; returns the offset of the register from it. */
  #emitStateAddress(file: RegisterFile, register: Reg, role: 'source' | 'destination'): number {
    const { code } = this.builder;
    const { cpu, ip } = this.context.frame;
    const number = register as unknown as number;
    code.get(cpu);
    if (number >= FIXED_REGISTER) {
      const n = number - FIXED_REGISTER;
      return role === 'source' ? file.readOffset(n) : file.writeOffset(n);
    }
    const field = this.fields.offsetOf(number, role, file);
    code
      .get(ip)
      .memory(file.fieldBase === undefined ? Op.i32_load16_u : Op.i32_load8_u, field)
      .op(IntOp.add[0]);
    return file.fieldBase ?? 0;
  }
}
