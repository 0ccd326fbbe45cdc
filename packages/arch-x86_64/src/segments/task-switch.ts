import { SegmentRegister, State, Vector } from '@qvm/isa-x86_64';
import { Attribute, BUSY, SystemType } from '../state/attributes.js';
import { Cr0, Flag } from '../state/control-bits.js';
import { NO_ERROR_CODE } from '../system/guest-fault.js';
import { Rights } from '../system/linear-memory.js';
import type { Width } from '../system/linear-memory.js';
import type { Core } from '../vcpu/core.js';
import type { CpuEvent } from '../vcpu/event.js';
import type { CodeTarget } from './code-segment.js';
import { Descriptor, isNull, rplOf } from './descriptor-tables.js';
import type { DescriptorTables } from './descriptor-tables.js';
import type { SegmentLoader } from './load-segment.js';
import type { Stack } from './stack.js';

/** Offsets in a 32-bit task-state segment (SDM vol. 3, 8.2.1). */
const [CR3, EIP, EFLAGS, REGISTERS, SEGMENTS, LDT, TRAP] = [0x1c, 0x20, 0x24, 0x28, 0x48, 0x60, 0x64];
const BYTES = 0x68;
const TABLE_INDICATOR = 4;
const ORDER = [
  ...[SegmentRegister.ES, SegmentRegister.CS, SegmentRegister.SS],
  ...[SegmentRegister.DS, SegmentRegister.FS, SegmentRegister.GS],
];

/** The relation of the old task to the new one. */
enum Link {
  /** JMP: the old task is available again. */
  None,
  /** CALL, interrupt: the old task stays busy, and the new one has a link to it. */
  Nested,
  /** IRET: back to the task of the link. */
  Return,
}

/**
 * Task switches between 32-bit task-state segments (SDM vol. 3, 8.3), as 32-bit systems use them: for double faults,
 * and by hand. Tasks of 16 bits are not supported: #TS.
 *
 * @experimental
 */
export class TaskSwitch {
  readonly #task = new Descriptor();

  constructor(
    private readonly core: Core,
    private readonly tables: DescriptorTables,
    private readonly loader: SegmentLoader,
    private readonly stack: Stack,
    private readonly target: CodeTarget,
    /** MOV to CR3. */
    private readonly writeCr3: (lo: number) => boolean,
  ) {}

  /** JMP or CALL to a task-state segment or through a task gate. */
  through(segment: Descriptor, nested: boolean): boolean {
    const { core, tables } = this;
    let { selector } = segment;
    if (segment.type === Number(SystemType.TaskGate)) {
      selector = segment.gateSelector;
      if (!this.#find(selector, 0)) return false;
    } else this.#task.copy(tables.found);
    return this.#switch(selector, nested ? Link.Nested : Link.None, core.nextRip);
  }

  /** An interrupt or exception through a task gate. */
  throughGate(selector: number, event: CpuEvent): boolean {
    const { stack } = this;
    if (!this.#find(selector, 1)) return false;
    if (!this.#switch(selector, Link.Nested, event.rip)) return false;
    if (event.error === NO_ERROR_CODE) return true;
    stack.begin(1);
    if (!stack.push(4, event.error)) return false;
    stack.commit();
    return true;
  }

  /** IRET with NT: the task that the link of the present one names. */
  return(): boolean {
    const { core } = this;
    const { state, memory, fault } = core;
    if (!memory.read(state.base(SegmentRegister.TR), 2, Rights.Processor)) return false;
    const selector = memory.lo;
    if (selector & TABLE_INDICATOR || isNull(selector)) return fault.raise(Vector.TS, selector & 0xfffc);
    if (!this.tables.find(selector, Vector.TS)) return false;
    this.#task.copy(this.tables.found);
    if (this.#task.type !== Number(SystemType.BusyTss)) return fault.raise(Vector.TS, selector & 0xfffc);
    return this.#switch(selector, Link.Return, core.nextRip);
  }

  /** Finds an available task. */
  #find(selector: number, external: number): boolean {
    const { fault } = this.core;
    const error = (selector & 0xfffc) | external;
    if (selector & TABLE_INDICATOR || isNull(selector)) return fault.raise(Vector.GP, error);
    if (!this.tables.find(selector, Vector.GP, external)) return false;
    this.#task.copy(this.tables.found);
    if (this.#task.codeOrData || this.#task.type !== Number(SystemType.Tss)) return fault.raise(Vector.GP, error);
    return this.#task.present || fault.raise(Vector.NP, error);
  }

  #switch(selector: number, link: Link, rip: number): boolean {
    const { core } = this;
    const { state, memory, fault } = core;
    const task = this.#task;
    const old = state.selector(SegmentRegister.TR);
    const is32 = (task.type & SystemType.Tss) === Number(SystemType.Tss);
    if (!is32 || task.limit < BYTES - 1 || state.limit(SegmentRegister.TR) < BYTES - 1)
      return fault.raise(Vector.TS, selector & 0xfffc);
    if (!this.#save(rip, link)) return false;
    const image = this.#read(task.base);
    if (image === undefined) return false;
    if (link === Link.Nested && !memory.write(task.base, 2, old, 0, Rights.Processor)) return false;
    if (!this.#markBusy(old, link)) return false;
    state.setSegment(SegmentRegister.TR, selector, task.base, task.limit, task.attributes | BUSY);
    state.setU32(State.cr0, state.u32(State.cr0) | Cr0.TS);
    return this.#load(image, link);
  }

  /** Saves the registers of the present task. */
  #save(rip: number, link: Link): boolean {
    const { state, memory } = this.core;
    const base = state.base(SegmentRegister.TR);
    const put = (offset: number, value: number, width: Width = 4): boolean =>
      memory.write(base + offset, width, value, 0, Rights.Processor);
    if (!memory.probeWrite(base, BYTES, Rights.Processor)) return false;
    const flags = link === Link.Return ? state.rflags & ~Flag.NT : state.rflags;
    put(EIP, rip);
    put(EFLAGS, flags);
    for (let n = 0; n < 8; n++) put(REGISTERS + n * 4, state.gpr32(n));
    ORDER.forEach((segment, n) => put(SEGMENTS + n * 4, state.selector(segment), 2));
    return true;
  }

  /** The words of a task-state segment; undefined for a fault. */
  #read(base: number): Uint32Array | undefined {
    const { memory } = this.core;
    const words = new Uint32Array(BYTES / 4);
    for (let n = 0; n < words.length; n++) {
      if (!memory.read(base + n * 4, 4, Rights.Processor)) return undefined;
      words[n] = memory.lo;
    }
    return words;
  }

  /** JMP and IRET free the old task; JMP and CALL occupy the new one. */
  #markBusy(old: number, link: Link): boolean {
    const { tables } = this;
    if (link !== Link.Nested) {
      if (!tables.find(old) || !tables.changeType(tables.found, BUSY, 0)) return false;
    }
    return link === Link.Return || tables.changeType(this.#task, 0, BUSY);
  }

  /** Loads the registers of the new task. Faults from here on are faults of the new task (8.3). */
  #load(image: Uint32Array, link: Link): boolean {
    const { core, loader } = this;
    const { state, controls, fault } = core;
    const word = (offset: number): number => image[offset / 4] as number;
    if (state.u32(State.cr0) & Cr0.PG && !this.writeCr3(word(CR3))) return false;
    const nested = link === Link.Nested ? Flag.NT : 0;
    state.rflags = word(EFLAGS) | nested | Flag.Fixed;
    for (let n = 0; n < 8; n++) state.setGpr32(n, word(REGISTERS + n * 4));
    controls.refresh();
    const selectors = ORDER.map((_, n) => word(SEGMENTS + n * 4) & 0xffff);
    const [, code = 0, stackSelector = 0] = selectors;
    if (!this.#loadLocalTable(word(LDT) & 0xffff)) return false;
    if (state.virtual8086) {
      state.cpl = 3;
      ORDER.forEach((segment, n) => loader.loadReal(segment, selectors[n] ?? 0));
      controls.select();
      core.jump(word(EIP) & 0xffff);
      return true;
    }
    if (isNull(code)) return fault.raise(Vector.TS, 0);
    if (!this.tables.find(code, Vector.TS) || !this.target.set(code)) return false;
    const cpl = rplOf(code);
    if (!this.target.checkPresent() || !this.target.prepare()) return false;
    this.target.enter(cpl);
    core.jump(word(EIP));
    if (!loader.checkStack(stackSelector, cpl, Vector.TS) || !loader.take(SegmentRegister.SS, stackSelector))
      return false;
    for (const n of [0, 3, 4, 5]) {
      const segment = ORDER[n] as SegmentRegister;
      if (!loader.load(segment, selectors[n] ?? 0)) return fault.vector === Vector.GP ? this.#invalid() : false;
    }
    if (word(TRAP) & 1) return fault.raise(Vector.DB);
    return true;
  }

  #invalid(): false {
    const { fault } = this.core;
    return fault.raise(Vector.TS, fault.error);
  }

  #loadLocalTable(selector: number): boolean {
    const { state, fault } = this.core;
    if (isNull(selector)) {
      state.setSegment(SegmentRegister.LDTR, selector, 0, 0, 0);
      return true;
    }
    const { tables } = this;
    if (selector & TABLE_INDICATOR || !tables.find(selector, Vector.TS))
      return fault.raise(Vector.TS, selector & 0xfffc);
    const { found } = tables;
    const valid = !found.codeOrData && found.type === Number(SystemType.Ldt) && found.present;
    if (!valid) return fault.raise(Vector.TS, selector & 0xfffc);
    state.setSegment(SegmentRegister.LDTR, selector, found.base, found.limit, found.attributes | Attribute.Present);
    return true;
  }
}
