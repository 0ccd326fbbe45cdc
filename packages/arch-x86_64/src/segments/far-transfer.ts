import { SegmentRegister, Vector } from '@qvm/isa-x86_64';
import { SystemType } from '../state/attributes.js';
import { fromWords } from '../system/linear-memory.js';
import type { Width } from '../system/linear-memory.js';
import type { Core } from '../vcpu/core.js';
import type { CodeTarget } from './code-segment.js';
import { Descriptor, isNull, rplOf } from './descriptor-tables.js';
import type { DescriptorTables } from './descriptor-tables.js';
import type { SegmentLoader } from './load-segment.js';
import type { PrivilegedStacks } from './privileged-stack.js';
import { placeOf } from './privileged-stack.js';
import type { Stack } from './stack.js';

/** Most parameters that a call gate copies. */
const PARAMETERS = 31;
const RSP = 4;

/** Switches to another task by a task-state segment or a task gate, for JMP and CALL. @experimental */
export type TaskSwitch = (segment: Descriptor, nested: boolean) => boolean;

/**
 * Far JMP, CALL and RET (SDM vol. 3, 5.8; vol. 2, JMP, CALL, RET). Offsets are signed numbers in 64-bit code.
 *
 * @experimental
 */
export class FarTransfer {
  readonly #gate = new Descriptor();
  readonly #outer = new Descriptor();

  constructor(
    private readonly core: Core,
    private readonly tables: DescriptorTables,
    private readonly loader: SegmentLoader,
    private readonly target: CodeTarget,
    private readonly stacks: PrivilegedStacks,
    private readonly stack: Stack,
    private readonly switchTask: TaskSwitch,
  ) {}

  /** JMP to a far pointer. */
  jump(selector: number, offset: number): boolean {
    const { core } = this;
    if (core.state.realSegments) return this.#enterReal(selector, offset);
    if (!this.#find(selector)) return false;
    const { found } = this.tables;
    if (!found.codeOrData) return this.#throughSystem(selector, false);
    if (!this.#checkCode(selector, rplOf(selector)) || !this.target.checkOffset(offset)) return false;
    return this.#enterSame(offset);
  }

  /** CALL to a far pointer. @param width - bytes of the pushed values. */
  call(selector: number, offset: number, width: 2 | 4 | 8): boolean {
    const { core, stack } = this;
    if (core.state.realSegments) {
      stack.begin();
      if (!this.#pushReturn(width) || !this.#enterReal(selector, offset)) return false;
      stack.commit();
      return true;
    }
    if (!this.#find(selector)) return false;
    const { found } = this.tables;
    if (!found.codeOrData) return this.#throughSystem(selector, true);
    if (!this.#checkCode(selector, rplOf(selector)) || !this.target.checkOffset(offset)) return false;
    stack.begin();
    return this.#pushReturn(width) && this.#enterSame(offset, true);
  }

  /** RET from a far call. @param release - bytes of parameters that are removed. */
  return(width: 2 | 4 | 8, release: number): boolean {
    const { core, stack } = this;
    const { state, fault, memory } = core;
    stack.begin();
    if (!stack.pop(width)) return false;
    const offset = this.#offset(width);
    if (!stack.pop(width)) return false;
    const selector = memory.lo & 0xffff;
    if (state.realSegments) {
      if (!this.#enterReal(selector, offset)) return false;
      stack.release(release);
      stack.commit();
      return true;
    }
    const rpl = rplOf(selector);
    if (isNull(selector)) return fault.protection();
    if (!this.tables.find(selector)) return false;
    if (rpl < state.cpl) return fault.protection(selector);
    if (!checkReturnCode(this.core, this.tables, this.target, selector)) return false;
    if (!this.target.checkOffset(offset)) return false;
    stack.release(release);
    if (rpl > state.cpl) return this.#returnOuter(width, release, rpl, offset);
    if (!this.target.prepare()) return false;
    stack.commit();
    this.target.enter(rpl);
    core.jump(offset);
    return true;
  }

  // --- code segments ---

  #find(selector: number): boolean {
    return isNull(selector) ? this.core.fault.protection() : this.tables.find(selector);
  }

  /** Checks the code segment that was found as the target of a direct transfer at the present level. */
  #checkCode(selector: number, rpl: number): boolean {
    const { state, fault } = this.core;
    const { found } = this.tables;
    if (!this.target.set(selector)) return false;
    const allowed = found.conforming ? found.dpl <= state.cpl : rpl <= state.cpl && found.dpl === state.cpl;
    if (!allowed) return fault.protection(selector);
    return this.target.checkPresent();
  }

  /** Enters the target at the present level. */
  #enterSame(offset: number, pushed = false): boolean {
    const { core, target } = this;
    if (!target.prepare()) return false;
    if (pushed) this.stack.commit();
    target.enter(core.state.cpl);
    core.jump(offset);
    return true;
  }

  #enterReal(selector: number, offset: number): boolean {
    const { core } = this;
    const { state } = core;
    if (offset > state.limit(SegmentRegister.CS)) return core.fault.protection();
    this.loader.loadReal(SegmentRegister.CS, selector);
    core.controls.select();
    core.jump(offset);
    return true;
  }

  #pushReturn(width: Width): boolean {
    const { core, stack } = this;
    return (
      stack.hasRoom(2 * width) &&
      stack.push(width, core.state.selector(SegmentRegister.CS)) &&
      stack.pushNumber(width, core.nextRip)
    );
  }

  /** The offset that was popped. */
  #offset(width: Width): number {
    const { lo, hi } = this.core.memory;
    return width === 8 ? fromWords(lo, hi) : lo;
  }

  // --- gates and tasks ---

  #throughSystem(selector: number, call: boolean): boolean {
    const { core, tables } = this;
    const { state, fault } = core;
    const { found } = tables;
    const { type } = found;
    const types = state.longMode ? [SystemType.CallGate] : LEGACY_TARGETS;
    if (!types.includes(type)) return fault.protection(selector);
    if (found.dpl < state.cpl || found.dpl < rplOf(selector)) return fault.protection(selector);
    if (type === Number(SystemType.CallGate) || type === Number(SystemType.CallGate16))
      return this.#throughGate(selector, call);
    if (!found.present) return fault.raise(Vector.NP, selector & 0xfffc);
    return this.switchTask(found, call);
  }

  #throughGate(selector: number, call: boolean): boolean {
    const { core, tables, target } = this;
    const { state, fault } = core;
    const { longMode } = state;
    if (longMode && !tables.widen()) return false;
    const gate = this.#gate;
    gate.copy(tables.found);
    if (!gate.present) return fault.raise(Vector.NP, selector & 0xfffc);
    const code = gate.gateSelector;
    if (!this.#find(code)) return false;
    const { found } = tables;
    if (!target.set(code)) return false;
    if (longMode && !target.wide) return fault.protection(code);
    const exact = !call && !found.conforming;
    if (found.dpl > state.cpl || (exact && found.dpl !== state.cpl)) return fault.protection(code);
    if (!target.checkPresent()) return false;
    const is16 = gate.type === Number(SystemType.CallGate16);
    const offset = longMode ? fromWords(gate.gateOffset, gate.upper) : is16 ? gate.lo & 0xffff : gate.gateOffset;
    if (!target.checkOffset(offset)) return false;
    if (!call) return this.#enterSame(offset);
    const width: Width = longMode ? 8 : is16 ? 2 : 4;
    if (!found.conforming && found.dpl < state.cpl) return this.#callInner(offset, width);
    this.stack.begin();
    return this.#pushReturn(width) && this.#enterSame(offset, true);
  }

  /** CALL through a gate to a more privileged level: switches stacks and copies parameters. */
  #callInner(offset: number, width: Width): boolean {
    const { core, stack, stacks, target } = this;
    const { state, memory } = core;
    const cpl = target.descriptor.dpl;
    const count = width === 8 ? 0 : this.#gate.hi & PARAMETERS;
    const parameters: number[] = [];
    stack.begin();
    for (let n = 0; n < count; n++) {
      if (!stack.peek((count - 1 - n) * width, width)) return false;
      parameters.push(memory.lo);
    }
    const oldSp = state.gpr(RSP);
    if (!stacks.begin(stack, cpl, 0)) return false;
    const bytes = (4 + count) * width;
    if (!stack.hasRoom(bytes) || !stack.push(width, state.selector(SegmentRegister.SS))) return false;
    if (!stack.push(width, Number(oldSp & 0xffff_ffffn), Number(oldSp >> 32n))) return false;
    for (const parameter of parameters) if (!stack.push(width, parameter)) return false;
    if (!stack.push(width, state.selector(SegmentRegister.CS)) || !stack.pushNumber(width, core.nextRip)) return false;
    if (!target.prepare() || !stacks.prepare()) return false;
    target.enter(cpl);
    stacks.take(cpl);
    stack.commit();
    core.jump(offset);
    return true;
  }

  /** RET to a less privileged level: its stack is above the parameters. */
  #returnOuter(width: Width, release: number, rpl: number, offset: number): boolean {
    const { core, stack, loader, target } = this;
    const { memory } = core;
    if (!stack.pop(width)) return false;
    const pointer = this.#offset(width);
    if (!stack.pop(width)) return false;
    const outer = new OuterStack(core, this.tables, loader, this.#outer);
    if (!outer.find(memory.lo & 0xffff, rpl, target.wide) || !target.prepare() || !outer.prepare()) return false;
    target.enter(rpl);
    outer.take(stack, pointer, release);
    loader.dropPrivilegedData();
    core.jump(offset);
    return true;
  }
}

const LEGACY_TARGETS: readonly SystemType[] = [
  ...[SystemType.CallGate16, SystemType.CallGate, SystemType.TaskGate],
  ...[SystemType.Tss16, SystemType.Tss],
];

/**
 * Checks the code segment that was found as the target of a return (SDM vol. 2, RET and IRET): its level is that of the
 * selector.
 *
 * @experimental
 */
export function checkReturnCode(core: Core, tables: DescriptorTables, target: CodeTarget, selector: number): boolean {
  const { found } = tables;
  if (!target.set(selector)) return false;
  const rpl = rplOf(selector);
  if (found.conforming ? found.dpl > rpl : found.dpl !== rpl) return core.fault.protection(selector);
  return target.checkPresent();
}

/**
 * The stack of the less privileged level that RET and IRET return to.
 *
 * @experimental
 */
export class OuterStack {
  #selector = 0;
  #null = false;

  constructor(
    private readonly core: Core,
    private readonly tables: DescriptorTables,
    private readonly loader: SegmentLoader,
    private readonly segment: Descriptor,
  ) {}

  /** Reads and checks the segment. @param wide - whether 64-bit code is returned to, where it may be null. */
  find(selector: number, rpl: number, wide: boolean): boolean {
    this.#selector = selector;
    this.#null = isNull(selector);
    if (this.#null && wide && rpl !== 3) return rplOf(selector) === rpl || this.core.fault.protection(selector);
    if (!this.loader.checkStack(selector, rpl)) return false;
    this.segment.copy(this.tables.found);
    return true;
  }

  /** Marks the segment accessed. */
  prepare(): boolean {
    if (this.#null) return true;
    this.tables.found.copy(this.segment);
    if (!this.tables.markAccessed()) return false;
    this.segment.copy(this.tables.found);
    return true;
  }

  /** Loads SS and the stack pointer, after the code segment has been entered. */
  take(stack: Stack, pointer: number, release = 0): void {
    const { state } = this.core;
    const { cpl } = state;
    const { base, limit, attributes } = this.segment;
    if (this.#null) this.loader.loadNullStack(cpl);
    else state.setSegment(SegmentRegister.SS, this.#selector, base, limit, attributes);
    const wide = { base: 0, size: 64, within: () => true } as const;
    stack.beginAt(state.mode64 ? wide : placeOf(this.segment), pointer, cpl);
    stack.release(release);
    stack.commit();
  }
}
