import { SegmentRegister, Vector } from '@qvm/isa-x86_64';
import { Attribute, DATA_ATTRIBUTES } from '../state/attributes.js';
import type { Core } from '../vcpu/core.js';
import type { DescriptorTables } from './descriptor-tables.js';
import { isNull, rplOf } from './descriptor-tables.js';

const DPL_SHIFT = 5;
const REAL_LIMIT = 0xffff;
const USER = 3;

/** Attributes of all segments in virtual-8086 mode: writable, accessed data of ring 3. @experimental */
export const VIRTUAL_8086_ATTRIBUTES = DATA_ATTRIBUTES | (USER << DPL_SHIFT);

/**
 * Loads of ES, SS, DS, FS and GS by selectors (SDM vol. 2, MOV; vol. 3, 5.6 and 5.7).
 *
 * @experimental
 */
export class SegmentLoader {
  constructor(
    private readonly core: Core,
    private readonly tables: DescriptorTables,
  ) {}

  /** Loads a segment register, as MOV, POP and the loads of far pointers do. */
  load(segment: SegmentRegister, selector: number): boolean {
    const { state } = this.core;
    if (state.realSegments) {
      this.loadReal(segment, selector);
      return true;
    }
    return segment === SegmentRegister.SS ? this.#loadStack(selector) : this.#loadData(segment, selector);
  }

  /** Loads a segment register in real-address or virtual-8086 mode. Real-address mode keeps limit and attributes. */
  loadReal(segment: SegmentRegister, selector: number): void {
    const { state } = this.core;
    const virtual = state.virtual8086;
    const limit = virtual ? REAL_LIMIT : state.limit(segment);
    const attributes = virtual ? VIRTUAL_8086_ATTRIBUTES : state.attributes(segment);
    state.setSegment(segment, selector, selector << 4, limit, attributes);
  }

  /** Loads a null selector. */
  loadNull(segment: SegmentRegister, selector: number, attributes = 0): void {
    this.core.state.setSegment(segment, selector, 0, 0, attributes);
  }

  /** Loads SS with null, as the processor does for a stack of a more privileged level in IA-32e mode. */
  loadNullStack(cpl: number): void {
    this.loadNull(SegmentRegister.SS, cpl, cpl << DPL_SHIFT);
  }

  /**
   * Checks a selector for SS and reads its descriptor into {@link DescriptorTables.found}.
   *
   * @param cpl - privilege level that selector and segment must have.
   * @param vector - the exception for a wrong segment: #GP, or #TS for a stack of a task-state segment.
   * @param external - bit EXT of error codes.
   */
  checkStack(selector: number, cpl: number, vector: Vector = Vector.GP, external = 0): boolean {
    const { fault } = this.core;
    const { tables } = this;
    const error = (selector & 0xfffc) | external;
    if (isNull(selector)) return fault.raise(vector, external);
    if (!tables.find(selector, vector, external)) return false;
    const { found } = tables;
    if (rplOf(selector) !== cpl || found.dpl !== cpl || !found.writableData) return fault.raise(vector, error);
    return found.present || fault.raise(Vector.SS, error);
  }

  /** Writes the descriptor that was found to a segment register, and marks it accessed. */
  take(segment: SegmentRegister, selector: number): boolean {
    const { found } = this.tables;
    if (!this.tables.markAccessed()) return false;
    this.core.state.setSegment(segment, selector, found.base, found.limit, found.attributes);
    return true;
  }

  /**
   * Makes ES, DS, FS and GS null if their segments are not for the present, less privileged level (SDM vol. 2, RET).
   */
  dropPrivilegedData(): void {
    const { state } = this.core;
    for (const segment of DATA_SEGMENTS) {
      const attributes = state.attributes(segment);
      if ((attributes & Attribute.Present) === 0) continue;
      const conforming = Attribute.Code | Attribute.Conforming;
      const isConforming = (attributes & conforming) === conforming;
      if (!isConforming && ((attributes >>> DPL_SHIFT) & 3) < state.cpl) this.loadNull(segment, 0);
    }
  }

  #loadStack(selector: number): boolean {
    const { state, fault } = this.core;
    const { cpl } = state;
    if (isNull(selector) && state.mode64) {
      if (cpl === USER || rplOf(selector) !== cpl) return fault.protection();
      this.loadNull(SegmentRegister.SS, selector, cpl << DPL_SHIFT);
      return true;
    }
    return this.checkStack(selector, cpl) && this.take(SegmentRegister.SS, selector);
  }

  #loadData(segment: SegmentRegister, selector: number): boolean {
    const { state, fault } = this.core;
    const { tables } = this;
    if (isNull(selector)) {
      this.loadNull(segment, selector);
      return true;
    }
    if (!tables.find(selector)) return false;
    const { found } = tables;
    const { dpl } = found;
    const allowed = found.conforming || (rplOf(selector) <= dpl && state.cpl <= dpl);
    if (!found.readable || !allowed) return fault.protection(selector);
    if (!found.present) return fault.raise(Vector.NP, selector & 0xfffc);
    return this.take(segment, selector);
  }
}

const DATA_SEGMENTS = [SegmentRegister.ES, SegmentRegister.DS, SegmentRegister.FS, SegmentRegister.GS] as const;
