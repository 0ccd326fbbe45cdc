import { SegmentRegister, State, Vector } from '@qvm/isa-x86_64';
import { SystemType } from '../state/attributes.js';
import { Flag } from '../state/control-bits.js';
import type { CodeTarget } from '../segments/code-segment.js';
import { Descriptor, isNull } from '../segments/descriptor-tables.js';
import type { DescriptorTables } from '../segments/descriptor-tables.js';
import type { SegmentLoader } from '../segments/load-segment.js';
import type { PrivilegedStacks } from '../segments/privileged-stack.js';
import type { Stack } from '../segments/stack.js';
import { NO_ERROR_CODE } from '../system/guest-fault.js';
import { fromWords, Rights } from '../system/linear-memory.js';
import type { Width } from '../system/linear-memory.js';
import type { Core } from './core.js';
import { EventSource } from './event.js';
import type { CpuEvent } from './event.js';

const [LONG_GATE_BYTES, GATE_BYTES, REAL_BYTES] = [16, 8, 4];
/** Bit IDT of error codes. */
const IDT = 2;
const STACK_ALIGNMENT = 16;
/** Field of a gate's second word: number of a stack of the interrupt stack table, 0 for none. */
const INTERRUPT_STACK = 7;
const SEGMENTS_OF_VM = [SegmentRegister.GS, SegmentRegister.FS, SegmentRegister.DS, SegmentRegister.ES] as const;
/** Flags that every gate clears. */
const CLEARED = Flag.TF | Flag.NT | Flag.RF | Flag.VM;
const RSP = State.gpr + 4 * 8;

/** Switches to the task of a task gate, with a return link. @experimental */
export type TaskGate = (selector: number, event: CpuEvent) => boolean;

/**
 * Delivers one exception or interrupt through the interrupt descriptor table or, in real-address mode, the interrupt
 * vector table (SDM vol. 3, 6.12, 6.14, 22.1.4; vol. 2, INT). No register changes unless the delivery succeeds.
 *
 * @experimental
 */
export class InterruptDelivery {
  readonly #gate = new Descriptor();
  /** Bit EXT of error codes: 0 for INT n. */
  #external = 0;

  constructor(
    private readonly core: Core,
    private readonly tables: DescriptorTables,
    private readonly loader: SegmentLoader,
    private readonly target: CodeTarget,
    private readonly stacks: PrivilegedStacks,
    private readonly stack: Stack,
    private readonly taskGate: TaskGate,
  ) {}

  /** Delivers an event. Returns false with the exception in `core.fault`. */
  deliver(event: CpuEvent): boolean {
    const { state } = this.core;
    this.#external = event.source === EventSource.Software ? 0 : 1;
    if (!state.protectedMode) return this.#deliverReal(event);
    if (!this.#findGate(event)) return false;
    if (this.#gate.type === Number(SystemType.TaskGate)) return this.taskGate(this.#gate.gateSelector, event);
    if (!this.#findCode(this.#gate.gateSelector)) return false;
    return state.longMode ? this.#deliverLong(event) : this.#deliverLegacy(event);
  }

  // --- real-address mode ---

  #deliverReal({ vector, rip }: CpuEvent): boolean {
    const { state, memory, fault } = this.core;
    const { stack } = this;
    const at = vector * REAL_BYTES;
    if (at + REAL_BYTES - 1 > state.u32(State.idtr + 8)) return fault.raise(Vector.GP, vector * 8 + IDT);
    if (!memory.read(fromWords(state.u32(State.idtr), state.u32(State.idtr + 4)) + at, 4, Rights.Processor))
      return false;
    const target = memory.lo;
    stack.begin();
    if (!stack.hasRoom(6)) return false;
    const saved = [state.rflags, state.selector(SegmentRegister.CS), rip];
    for (const value of saved) if (!stack.push(2, value)) return false;
    stack.commit();
    state.changeSystemFlags(Flag.IF | Flag.TF | Flag.AC | Flag.RF, 0);
    this.loader.loadReal(SegmentRegister.CS, target >>> 16);
    this.core.controls.select();
    this.core.jump(target & 0xffff);
    return true;
  }

  // --- gates ---

  /** Reads and checks the gate of an event. */
  #findGate({ vector, source }: CpuEvent): boolean {
    const { state, memory, fault } = this.core;
    const bytes = state.longMode ? LONG_GATE_BYTES : GATE_BYTES;
    const error = vector * 8 + IDT;
    const refused = error + this.#external;
    if (vector * bytes + bytes - 1 > state.u32(State.idtr + 8)) return fault.raise(Vector.GP, refused);
    const at = fromWords(state.u32(State.idtr), state.u32(State.idtr + 4)) + vector * bytes;
    if (!memory.read(at, 8, Rights.Processor)) return false;
    const gate = this.#gate;
    gate.lo = memory.lo;
    gate.hi = memory.hi;
    if (state.longMode) {
      if (!memory.read(at + 8, 8, Rights.Processor)) return false;
      gate.upper = memory.lo;
    }
    if (gate.codeOrData || !gateTypes(state.longMode).includes(gate.type)) return fault.raise(Vector.GP, refused);
    if (source === EventSource.Software && gate.dpl < state.cpl) return fault.raise(Vector.GP, error);
    return gate.present || fault.raise(Vector.NP, refused);
  }

  /** Reads and checks the code segment of a gate. */
  #findCode(selector: number): boolean {
    const { state, fault } = this.core;
    const external = this.#external;
    const refused = (selector & 0xfffc) | external;
    if (isNull(selector)) return fault.raise(Vector.GP, external);
    if (!this.tables.find(selector, Vector.GP, external)) return false;
    if (!this.target.set(selector, external)) return false;
    if (this.target.descriptor.dpl > state.cpl) return fault.raise(Vector.GP, refused);
    if (state.longMode && !this.target.wide) return fault.raise(Vector.GP, refused);
    return this.target.checkPresent(external);
  }

  /** Privilege level of the handler. */
  get #newLevel(): number {
    const { descriptor } = this.target;
    return descriptor.conforming ? this.core.state.cpl : descriptor.dpl;
  }

  // --- IA-32e mode (6.14) ---

  #deliverLong(event: CpuEvent): boolean {
    const { core, stack, stacks, target } = this;
    const { state, fault } = core;
    const cpl = this.#newLevel;
    const changes = cpl !== state.cpl;
    const gate = this.#gate;
    const offset = fromWords(gate.gateOffset, gate.upper);
    const ist = gate.hi & INTERRUPT_STACK;
    if (!target.checkOffset(offset)) return fault.raise(Vector.GP, this.#external);
    const oldSp = [state.u32(RSP), state.u32(RSP + 4)] as const;
    if (ist !== 0) {
      if (!stacks.beginInterrupt(stack, ist, cpl, this.#external)) return false;
    } else if (changes) {
      if (!stacks.begin(stack, cpl, this.#external)) return false;
    } else this.#beginSame(cpl);
    stack.pointer = Math.floor(stack.pointer / STACK_ALIGNMENT) * STACK_ALIGNMENT;
    const withError = event.error !== NO_ERROR_CODE;
    if (!stack.hasRoom(withError ? 48 : 40)) return false;
    const pushed =
      stack.push(8, state.selector(SegmentRegister.SS)) &&
      stack.push(8, ...oldSp) &&
      stack.push(8, this.#savedFlags(event)) &&
      stack.push(8, state.selector(SegmentRegister.CS)) &&
      stack.pushNumber(8, event.rip) &&
      (!withError || stack.push(8, event.error));
    if (!pushed || !target.prepare()) return false;
    this.#enter(cpl);
    if (changes) this.loader.loadNullStack(cpl);
    stack.commit();
    core.jump(offset);
    return true;
  }

  /** The present stack, as a stack of IA-32e mode: the handler runs in 64-bit mode. */
  #beginSame(cpl: number): void {
    const { state } = this.core;
    const wide = { base: 0, size: 64, within: () => true } as const;
    this.stack.beginAt(wide, fromWords(state.u32(RSP), state.u32(RSP + 4)), cpl, this.#external);
  }

  // --- legacy protected mode and virtual-8086 mode (6.12) ---

  #deliverLegacy(event: CpuEvent): boolean {
    const { core, stack, stacks, target } = this;
    const { state, fault } = core;
    const { virtual8086 } = state;
    const cpl = this.#newLevel;
    const changes = cpl < state.cpl;
    if (virtual8086 && cpl !== 0) return fault.raise(Vector.GP, (this.#gate.gateSelector & 0xfffc) | this.#external);
    const width: Width = this.#gate.type & 8 ? 4 : 2;
    const withError = event.error !== NO_ERROR_CODE;
    if (changes) {
      if (!stacks.begin(stack, cpl, this.#external)) return false;
    } else stack.begin(this.#external);
    const words = 3 + (withError ? 1 : 0) + (changes ? 2 : 0) + (virtual8086 ? SEGMENTS_OF_VM.length : 0);
    if (!stack.hasRoom(words * width)) return false;
    const offset = width === 4 ? this.#gate.gateOffset : this.#gate.lo & 0xffff;
    if (!target.checkOffset(offset)) return fault.raise(Vector.GP, this.#external);
    const saved: number[] = virtual8086 ? SEGMENTS_OF_VM.map((segment) => state.selector(segment)) : [];
    if (changes) saved.push(state.selector(SegmentRegister.SS), state.u32(RSP));
    saved.push(this.#savedFlags(event), state.selector(SegmentRegister.CS), event.rip);
    if (withError) saved.push(event.error);
    for (const value of saved) if (!stack.push(width, value)) return false;
    if (!target.prepare() || (changes && !stacks.prepare())) return false;
    this.#enter(cpl);
    if (changes) stacks.take(cpl);
    if (virtual8086) for (const segment of SEGMENTS_OF_VM) this.loader.loadNull(segment, 0);
    stack.commit();
    core.jump(offset);
    return true;
  }

  /** Enters the handler; an interrupt gate masks interrupts, a trap gate does not. */
  #enter(cpl: number): void {
    const masks = (this.#gate.type & 1) === 0;
    this.core.state.changeSystemFlags(CLEARED | (masks ? Flag.IF : 0), 0);
    this.target.enter(cpl);
  }

  #savedFlags({ resume }: CpuEvent): number {
    return this.core.state.rflags | (resume ? Flag.RF : 0);
  }
}

const GATES_LONG = [SystemType.InterruptGate, SystemType.TrapGate];
const GATES_LEGACY = [...[SystemType.TaskGate, SystemType.InterruptGate16, SystemType.TrapGate16], ...GATES_LONG];

const gateTypes = (long: boolean): readonly SystemType[] => (long ? GATES_LONG : GATES_LEGACY);
