import { SegmentRegister } from '@qvm/isa-x86_64';
import { Rights } from '../system/linear-memory.js';
import type { Width } from '../system/linear-memory.js';
import type { Core } from '../vcpu/core.js';

/** The segment registers in the order of a task-state segment. */
export const TASK_SEGMENTS: readonly SegmentRegister[] = [
  ...[SegmentRegister.ES, SegmentRegister.CS, SegmentRegister.SS],
  ...[SegmentRegister.DS, SegmentRegister.FS, SegmentRegister.GS],
];
const GENERAL_REGISTERS = 8;

/** Where a task-state segment has its fields; all have the same width. */
interface TaskLayout {
  readonly width: Width;
  readonly bytes: number;
  readonly ip: number;
  readonly flags: number;
  readonly registers: number;
  readonly segments: number;
  readonly segmentCount: number;
  readonly ldt: number;
  /** Only with 32 bits: CR3, and the word with the debug trap flag. */
  readonly cr3?: number;
  readonly trap?: number;
}

/** SDM vol. 3, 8.2.1. */
const LAYOUT_32: TaskLayout = {
  ...{ width: 4, bytes: 0x68, cr3: 0x1c, ip: 0x20, flags: 0x24, registers: 0x28, segments: 0x48, segmentCount: 6 },
  ...{ ldt: 0x60, trap: 0x64 },
};
/** SDM vol. 3, 8.6. */
const LAYOUT_16: TaskLayout = {
  ...{ width: 2, bytes: 0x2c, ip: 0xe, flags: 0x10, registers: 0x12, segments: 0x22, segmentCount: 4, ldt: 0x2a },
};

/** The registers of a task, as its task-state segment has them. @experimental */
export interface TaskImage {
  /** Absent with 16 bits, which keep CR3. */
  readonly cr3: number | undefined;
  readonly ip: number;
  readonly flags: number;
  readonly registers: readonly number[];
  /** Selectors, in the order of {@link TASK_SEGMENTS}. */
  readonly selectors: readonly number[];
  readonly ldt: number;
  /** Whether #DB is raised before its first instruction. */
  readonly trap: boolean;
}

/**
 * A task-state segment of 16 or 32 bits in memory (SDM vol. 3, 8.2.1 and 8.6).
 *
 * @experimental
 */
export class TaskState {
  readonly #layout: TaskLayout;

  constructor(
    private readonly core: Core,
    /** Linear address. */
    private readonly base: number,
    private readonly limit: number,
    wide: boolean,
  ) {
    this.#layout = wide ? LAYOUT_32 : LAYOUT_16;
  }

  /** Whether its limit leaves room for all fields. */
  get complete(): boolean {
    return this.limit >= this.#layout.bytes - 1;
  }

  /** Width of its fields in bytes. */
  get width(): Width {
    return this.#layout.width;
  }

  /** Whether all of it can be written. */
  probe(): boolean {
    return this.core.memory.probeWrite(this.base, this.#layout.bytes, Rights.Processor);
  }

  /** Saves the registers of the present task. */
  save(ip: number, rflags: number): boolean {
    const { state } = this.core;
    const { ip: at, flags, registers, segments, segmentCount, width } = this.#layout;
    if (!this.probe()) return false;
    this.#write(at, ip);
    this.#write(flags, rflags);
    for (let n = 0; n < GENERAL_REGISTERS; n++) this.#write(registers + n * width, state.gpr32(n));
    TASK_SEGMENTS.slice(0, segmentCount).forEach((segment, n) =>
      this.#write(segments + n * width, state.selector(segment), 2),
    );
    return true;
  }

  /** Reads the registers of the task; undefined for a fault. */
  load(): TaskImage | undefined {
    const { bytes, width, registers, segments, segmentCount, ldt, ...layout } = this.#layout;
    const words: number[] = [];
    for (let at = 0; at < bytes; at += width) {
      if (!this.core.memory.read(this.base + at, width, Rights.Processor)) return undefined;
      words.push(this.core.memory.lo);
    }
    const word = (offset: number): number => words[offset / width] as number;
    return {
      cr3: layout.cr3 === undefined ? undefined : word(layout.cr3),
      ip: word(layout.ip),
      flags: word(layout.flags),
      registers: Array.from({ length: GENERAL_REGISTERS }, (_, n) => word(registers + n * width)),
      selectors: TASK_SEGMENTS.map((_, n) => (n < segmentCount ? word(segments + n * width) & 0xffff : 0)),
      ldt: word(ldt) & 0xffff,
      trap: layout.trap !== undefined && (word(layout.trap) & 1) !== 0,
    };
  }

  /** Links the task to the one that it interrupts. */
  link(selector: number): boolean {
    return this.#write(0, selector, 2);
  }

  #write(offset: number, value: number, width: Width = this.#layout.width): boolean {
    return this.core.memory.write(this.base + offset, width, value, 0, Rights.Processor);
  }
}
