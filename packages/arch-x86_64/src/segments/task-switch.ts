import { SegmentRegister, State, Vector } from '@qvm/isa-x86_64';
import { Attribute, BUSY, SystemType } from '../state/attributes.js';
import { Cr0, Flag, WRITABLE_FLAGS } from '../state/control-bits.js';
import { NO_ERROR_CODE } from '../system/guest-fault.js';
import { Rights } from '../system/linear-memory.js';
import type { Core } from '../vcpu/core.js';
import type { CpuEvent } from '../vcpu/event.js';
import { EventSource } from '../vcpu/event.js';
import type { CodeTarget } from './code-segment.js';
import { Descriptor, isNull, rplOf } from './descriptor-tables.js';
import type { DescriptorTables } from './descriptor-tables.js';
import type { SegmentLoader } from './load-segment.js';
import type { Stack } from './stack.js';
import { TASK_SEGMENTS, TaskState } from './task-state.js';
import type { TaskImage } from './task-state.js';

const TABLE_INDICATOR = 4;
const USER = 3;
/** Bits of a type that distinguish task-state segments of 16 and 32 bits. */
const WIDE = SystemType.Tss & ~SystemType.Tss16;
const AVAILABLE: readonly SystemType[] = [SystemType.Tss, SystemType.Tss16];
const BUSY_TYPES: readonly SystemType[] = [SystemType.BusyTss, SystemType.BusyTss16];

/** The relation of the old task to the new one. */
enum Link {
  /** JMP: the old task is available again. */
  None,
  /** CALL, interrupt: the old task stays busy, and the new one has a link to it. */
  Nested,
  /** IRET: back to the task of the link. */
  Return,
}

/** Parts of the processor that a task switch changes besides the registers of a task. @experimental */
export interface TaskEffects {
  /** MOV to CR3. */
  writeCr3(lo: number): boolean;
  /** The breakpoints of the old task end (SDM vol. 3, 17.2.4). */
  endLocalBreakpoints(): void;
  /** The new task asks for #DB before its first instruction (SDM vol. 3, 17.3.1.5). */
  reportTaskTrap(): void;
}

/**
 * Task switches (SDM vol. 3, 8.3). Until the new task's registers are loaded, a fault is one of the old task, which has
 * not changed; from then on it is a fault of the new task, whose selectors and EIP it saves.
 *
 * @experimental
 */
export class TaskSwitch {
  readonly #task = new Descriptor();
  /** Bit EXT of error codes. */
  #external = 0;

  constructor(
    private readonly core: Core,
    private readonly tables: DescriptorTables,
    private readonly loader: SegmentLoader,
    private readonly stack: Stack,
    private readonly target: CodeTarget,
    private readonly effects: TaskEffects,
  ) {}

  /** JMP or CALL to a task-state segment or through a task gate. */
  through(segment: Descriptor, nested: boolean): boolean {
    const { core, tables } = this;
    let { selector } = segment;
    this.#external = 0;
    if (segment.type === Number(SystemType.TaskGate)) {
      selector = segment.gateSelector;
      if (!this.#find(selector)) return false;
    } else this.#task.copy(tables.found);
    return this.#switch(selector, nested ? Link.Nested : Link.None, core.nextRip);
  }

  /** An interrupt or exception through a task gate. */
  throughGate(selector: number, event: CpuEvent): boolean {
    const { stack } = this;
    this.#external = event.source === EventSource.Software ? 0 : 1;
    if (!this.#find(selector)) return false;
    const { width } = this.#newTask;
    if (!this.#switch(selector, Link.Nested, event.rip)) return false;
    if (event.error === NO_ERROR_CODE) return true;
    stack.begin(1);
    if (!stack.push(width, event.error)) return false;
    stack.commit();
    return true;
  }

  /** IRET with NT: the task that the link of the present one names. */
  return(): boolean {
    const { core } = this;
    const { state, memory, fault } = core;
    this.#external = 0;
    if (!memory.read(state.base(SegmentRegister.TR), 2, Rights.Processor)) return false;
    const selector = memory.lo;
    if (selector & TABLE_INDICATOR || isNull(selector)) return fault.raise(Vector.TS, selector & 0xfffc);
    if (!this.tables.find(selector, Vector.TS)) return false;
    const task = this.#task;
    task.copy(this.tables.found);
    if (task.codeOrData || !BUSY_TYPES.includes(task.type)) return fault.raise(Vector.TS, selector & 0xfffc);
    if (!task.present) return fault.raise(Vector.NP, selector & 0xfffc);
    return this.#switch(selector, Link.Return, core.nextRip);
  }

  /** Finds an available task. */
  #find(selector: number): boolean {
    const { fault } = this.core;
    const external = this.#external;
    const error = (selector & 0xfffc) | external;
    if (selector & TABLE_INDICATOR || isNull(selector)) return fault.raise(Vector.GP, error);
    if (!this.tables.find(selector, Vector.GP, external)) return false;
    const task = this.#task;
    task.copy(this.tables.found);
    if (task.codeOrData || !AVAILABLE.includes(task.type)) return fault.raise(Vector.GP, error);
    return task.present || fault.raise(Vector.NP, error);
  }

  get #newTask(): TaskState {
    const { base, limit, type } = this.#task;
    return new TaskState(this.core, base, limit, (type & WIDE) !== 0);
  }

  get #oldTask(): TaskState {
    const { state } = this.core;
    const wide = (state.attributes(SegmentRegister.TR) & WIDE) !== 0;
    return new TaskState(this.core, state.base(SegmentRegister.TR), state.limit(SegmentRegister.TR), wide);
  }

  #switch(selector: number, link: Link, rip: number): boolean {
    const { core } = this;
    const { state } = core;
    const [task, next, previous] = [this.#task, this.#newTask, this.#oldTask];
    const old = state.selector(SegmentRegister.TR);
    if (!next.complete) return this.#invalid(selector);
    if (!previous.complete) return this.#invalid(old);
    if (!next.probe()) return false;
    const flags = link === Link.Return ? state.rflags & ~Flag.NT : state.rflags;
    if (!previous.save(rip, flags)) return false;
    const image = next.load();
    if (image === undefined) return false;
    if (link === Link.Nested && !next.link(old)) return false;
    if (!this.#markBusy(old, link)) return false;
    state.setSegment(SegmentRegister.TR, selector, task.base, task.limit, task.attributes | BUSY);
    state.setU32(State.cr0, state.u32(State.cr0) | Cr0.TS);
    this.effects.endLocalBreakpoints();
    return this.#load(image, link);
  }

  /** JMP and IRET free the old task; JMP and CALL occupy the new one. */
  #markBusy(old: number, link: Link): boolean {
    const { tables } = this;
    if (link !== Link.Nested) {
      if (!tables.find(old) || !tables.changeType(tables.found, BUSY, 0)) return false;
    }
    return link === Link.Return || tables.changeType(this.#task, 0, BUSY);
  }

  /** Loads the registers of the new task, without descriptors at first: faults find selectors and EIP of the task. */
  #load(image: TaskImage, link: Link): boolean {
    const { core } = this;
    const { state, controls } = core;
    if (image.cr3 !== undefined && state.u32(State.cr0) & Cr0.PG && !this.effects.writeCr3(image.cr3)) return false;
    state.rflags = (image.flags & WRITABLE_FLAGS) | (link === Link.Nested ? Flag.NT : 0) | Flag.Fixed;
    image.registers.forEach((value, n) => state.setGpr32(n, value));
    state.setSegment(SegmentRegister.LDTR, image.ldt, 0, 0, 0);
    TASK_SEGMENTS.forEach((segment, n) => state.setSegment(segment, image.selectors[n] ?? 0, 0, 0, 0));
    const [, code = 0] = image.selectors;
    state.cpl = state.virtual8086 ? USER : rplOf(code);
    controls.refresh();
    core.jump(image.ip);
    if (!this.#loadLocalTable(image.ldt)) return false;
    if (!(state.virtual8086 ? this.#loadVirtual(image) : this.#loadSegments(image))) return false;
    if (!image.trap) return true;
    this.effects.reportTaskTrap();
    return core.fault.raise(Vector.DB);
  }

  #loadVirtual({ selectors, ip }: TaskImage): boolean {
    const { core, loader } = this;
    TASK_SEGMENTS.forEach((segment, n) => loader.loadReal(segment, selectors[n] ?? 0));
    core.controls.select();
    core.jump(ip);
    return true;
  }

  #loadSegments({ selectors, ip }: TaskImage): boolean {
    const { core, loader, target } = this;
    const [, code = 0, stack = 0] = selectors;
    const external = this.#external;
    if (!this.#findCode(code) || !target.prepare()) return false;
    const cpl = rplOf(code);
    target.enter(cpl);
    core.jump(ip);
    if (!loader.checkStack(stack, cpl, Vector.TS, external) || !loader.take(SegmentRegister.SS, stack)) return false;
    return (
      TASK_SEGMENTS.every((segment, n) =>
        DATA_SEGMENTS.includes(segment) ? this.#loadData(segment, selectors[n] ?? 0) : true,
      ) && target.checkOffset(ip)
    );
  }

  /** The code segment: its level is that of the selector. All faults but its absence are #TS. */
  #findCode(selector: number): boolean {
    const { tables, target } = this;
    if (isNull(selector)) return this.#invalid(selector);
    if (!tables.find(selector, Vector.TS, this.#external)) return false;
    if (!target.set(selector)) return this.#invalid(selector);
    const { found } = tables;
    const rpl = rplOf(selector);
    if (found.conforming ? found.dpl > rpl : found.dpl !== rpl) return this.#invalid(selector);
    return target.checkPresent(this.#external);
  }

  #loadData(segment: SegmentRegister, selector: number): boolean {
    const { fault } = this.core;
    if (this.loader.load(segment, selector)) return true;
    return fault.vector === Vector.GP ? this.#invalid(selector) : false;
  }

  #loadLocalTable(selector: number): boolean {
    const { state } = this.core;
    if (isNull(selector)) return true;
    const { tables } = this;
    if (selector & TABLE_INDICATOR) return this.#invalid(selector);
    if (!tables.find(selector, Vector.TS, this.#external)) return false;
    const { found } = tables;
    const valid = !found.codeOrData && found.type === Number(SystemType.Ldt) && found.present;
    if (!valid) return this.#invalid(selector);
    state.setSegment(SegmentRegister.LDTR, selector, found.base, found.limit, found.attributes | Attribute.Present);
    return true;
  }

  /** #TS with a selector as its error code. */
  #invalid(selector: number): false {
    return this.core.fault.raise(Vector.TS, (selector & 0xfffc) | this.#external);
  }
}

const DATA_SEGMENTS: readonly SegmentRegister[] = [
  SegmentRegister.ES,
  SegmentRegister.DS,
  SegmentRegister.FS,
  SegmentRegister.GS,
];
