import { SegmentRegister } from '@qvm/isa-x86_64';
import { Flag, IOPL_SHIFT, WRITABLE_FLAGS } from '../state/control-bits.js';
import { fromWords } from '../system/linear-memory.js';
import type { Width } from '../system/linear-memory.js';
import type { Core } from '../vcpu/core.js';
import type { CodeTarget } from './code-segment.js';
import { Descriptor, isNull, rplOf } from './descriptor-tables.js';
import type { DescriptorTables } from './descriptor-tables.js';
import { checkReturnCode, OuterStack } from './far-transfer.js';
import { VIRTUAL_8086_ATTRIBUTES } from './load-segment.js';
import type { SegmentLoader } from './load-segment.js';
import type { Stack } from './stack.js';

const REAL_LIMIT = 0xffff;
const USER = 3;
/** Segment registers in the order in which a return to virtual-8086 mode pops them. */
const VIRTUAL_8086_ORDER = [SegmentRegister.ES, SegmentRegister.DS, SegmentRegister.FS, SegmentRegister.GS] as const;

/** The flags that IRET and POPF may change at a privilege level (SDM vol. 2, POPF, IRET). @experimental */
export function changeableFlags(cpl: number, rflags: number): number {
  const privileged = Flag.IOPL | Flag.VIF | Flag.VIP | Flag.VM;
  const iopl = (rflags >>> IOPL_SHIFT) & 3;
  return WRITABLE_FLAGS & ~(cpl === 0 ? 0 : privileged) & ~(cpl <= iopl ? 0 : Flag.IF);
}

/**
 * IRET in all modes (SDM vol. 2, IRET).
 *
 * @experimental
 */
export class InterruptReturn {
  readonly #outer: OuterStack;
  #offset = 0;
  #selector = 0;
  #flags = 0;

  constructor(
    private readonly core: Core,
    private readonly tables: DescriptorTables,
    private readonly loader: SegmentLoader,
    private readonly target: CodeTarget,
    private readonly stack: Stack,
    /** Returns to the task that the present one interrupted (RFLAGS.NT). */
    private readonly returnToTask: () => boolean,
  ) {
    this.#outer = new OuterStack(core, tables, loader, new Descriptor());
  }

  /** Performs the instruction. @param width - bytes of each value: the operand size. */
  return(width: 2 | 4 | 8): boolean {
    const { state, fault } = this.core;
    if (state.realSegments) return this.#returnReal(width);
    if (state.systemFlags & Flag.NT) return state.longMode ? fault.protection() : this.returnToTask();
    this.stack.begin();
    if (!this.#popFrame(width)) return false;
    if (!state.longMode && state.cpl === 0 && width === 4 && this.#flags & Flag.VM) return this.#returnVirtual();
    return this.#returnProtected(width);
  }

  /** Pops the offset, the code selector and the flags. */
  #popFrame(width: Width): boolean {
    const { stack, core } = this;
    const { memory } = core;
    if (!stack.pop(width)) return false;
    this.#offset = width === 8 ? fromWords(memory.lo, memory.hi) : memory.lo;
    if (!stack.pop(width)) return false;
    this.#selector = memory.lo & 0xffff;
    if (!stack.pop(width)) return false;
    this.#flags = memory.lo;
    return true;
  }

  #returnReal(width: 2 | 4 | 8): boolean {
    const { core, stack } = this;
    const { state, fault } = core;
    const iopl = (state.systemFlags >>> IOPL_SHIFT) & 3;
    if (state.virtual8086 && iopl !== USER) return fault.protection();
    stack.begin();
    if (!this.#popFrame(width)) return false;
    if (this.#offset > state.limit(SegmentRegister.CS)) return fault.protection();
    stack.commit();
    // IOPL is 3 in virtual-8086 mode here, and stays so.
    const fixed = state.virtual8086 ? Flag.IOPL | Flag.VM : Flag.VM;
    this.#writeFlags(width, (WRITABLE_FLAGS & ~fixed & ~(Flag.VIF | Flag.VIP)) >>> 0);
    this.loader.loadReal(SegmentRegister.CS, this.#selector);
    core.controls.select();
    core.jump(this.#offset);
    return true;
  }

  #returnProtected(width: 2 | 4 | 8): boolean {
    const { core, stack, target } = this;
    const { state, fault, memory } = core;
    const selector = this.#selector;
    const rpl = rplOf(selector);
    if (isNull(selector)) return fault.protection();
    if (!this.tables.find(selector)) return false;
    if (rpl < state.cpl) return fault.protection(selector);
    if (!checkReturnCode(core, this.tables, target, selector)) return false;
    const outer = rpl > state.cpl;
    // 64-bit mode pops the stack pointer in every case.
    const pops = outer || state.mode64;
    let pointer = 0;
    if (pops) {
      if (!stack.pop(width)) return false;
      pointer = width === 8 ? fromWords(memory.lo, memory.hi) : memory.lo;
      if (!stack.pop(width) || !this.#outer.find(memory.lo & 0xffff, rpl, target.wide)) return false;
    }
    if (!target.checkOffset(this.#offset)) return false;
    if (!target.prepare() || (pops && !this.#outer.prepare())) return false;
    const changeable = changeableFlags(state.cpl, state.systemFlags) & ~Flag.VM;
    this.#writeFlags(width, changeable);
    if (!pops) stack.commit();
    target.enter(rpl);
    if (pops) this.#outer.take(stack, pointer);
    if (outer) this.loader.dropPrivilegedData();
    core.jump(this.#offset);
    return true;
  }

  /** Return to virtual-8086 mode (SDM vol. 3, 22.2.5). */
  #returnVirtual(): boolean {
    const { core, stack } = this;
    const { state, memory, fault } = core;
    const values: number[] = [];
    for (let n = 0; n < 2 + VIRTUAL_8086_ORDER.length; n++) {
      if (!stack.pop(4)) return false;
      values.push(memory.lo);
    }
    if (this.#offset > REAL_LIMIT) return fault.protection();
    const [pointer = 0, stackSelector = 0, ...selectors] = values;
    this.#writeFlags(4, WRITABLE_FLAGS);
    state.cpl = USER;
    const load = (segment: SegmentRegister, selector: number): void => {
      const value = selector & 0xffff;
      state.setSegment(segment, value, value << 4, REAL_LIMIT, VIRTUAL_8086_ATTRIBUTES);
    };
    load(SegmentRegister.CS, this.#selector);
    load(SegmentRegister.SS, stackSelector);
    VIRTUAL_8086_ORDER.forEach((segment, n) => load(segment, selectors[n] ?? 0));
    state.setGpr32(4, pointer);
    core.controls.select();
    core.jump(this.#offset);
    return true;
  }

  /** Writes the popped flags: all or, with 16 bits, the low half. */
  #writeFlags(width: Width, changeable: number): void {
    const { state } = this.core;
    const mask = width === 2 ? changeable & 0xffff : changeable;
    state.rflags = (state.rflags & ~mask) | (this.#flags & mask);
  }
}
