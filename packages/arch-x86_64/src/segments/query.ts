import { Vector } from '@qvm/isa-x86_64';
import { SystemType } from '../state/attributes.js';
import type { Core } from '../vcpu/core.js';
import type { Descriptor, DescriptorTables } from './descriptor-tables.js';
import { isNull, rplOf } from './descriptor-tables.js';

/** System types of which LAR gives the access rights, in legacy and in IA-32e mode (SDM vol. 2, LAR). */
const LAR_LEGACY = [
  ...[SystemType.Tss16, SystemType.Ldt, SystemType.BusyTss16, SystemType.CallGate16, SystemType.TaskGate],
  ...[SystemType.Tss, SystemType.BusyTss, SystemType.CallGate],
];
const LAR_LONG = [SystemType.Ldt, SystemType.Tss, SystemType.BusyTss, SystemType.CallGate];
/** System types of which LSL gives the limit (SDM vol. 2, LSL). */
const LSL_LEGACY = [SystemType.Tss16, SystemType.Ldt, SystemType.BusyTss16, SystemType.Tss, SystemType.BusyTss];
const LSL_LONG = [SystemType.Ldt, SystemType.Tss, SystemType.BusyTss];
/** Bits of the second word of a descriptor that LAR returns. */
const RIGHTS = 0x00f0_ff00;

/** What LAR, LSL, VERR and VERW ask of a segment. @experimental */
export type Query = 'lar' | 'lsl' | 'verr' | 'verw';

/**
 * LAR, LSL, VERR and VERW (SDM vol. 3, 5.10): whether a selector can be used at the present privilege level. Only ZF
 * changes.
 *
 * @experimental
 */
export class SegmentQueries {
  /** Result of the last successful LAR or LSL. */
  value = 0;

  constructor(
    private readonly core: Core,
    private readonly tables: DescriptorTables,
  ) {}

  /** Performs a query. Returns false only for a fault of the access to the table. */
  ask(query: Query, selector: number): boolean {
    const { core } = this;
    const { state, fault } = core;
    if (state.realSegments) return fault.undefined();
    const found = this.#find(selector);
    if (found === undefined) return false;
    const holds = found !== null && this.#allows(query, found, selector);
    if (holds) this.value = query === 'lar' ? (found.hi & RIGHTS) >>> 0 : found.limit;
    state.zeroFlag = holds;
    return true;
  }

  /** The descriptor; null if there is none; undefined for a fault. */
  #find(selector: number): Descriptor | null | undefined {
    const { fault } = this.core;
    if (isNull(selector)) return null;
    fault.error = 0;
    if (this.tables.find(selector)) return this.tables.found;
    // A selector beyond its table is no fault here; a page fault is.
    return fault.vector === Vector.GP && fault.error === (selector & 0xfffc) ? null : undefined;
  }

  #allows(query: Query, found: Descriptor, selector: number): boolean {
    const { cpl, longMode } = this.core.state;
    const reachable = found.conforming || (cpl <= found.dpl && rplOf(selector) <= found.dpl);
    if (!reachable) return false;
    if (query === 'verr') return found.readable;
    if (query === 'verw') return found.writableData;
    if (found.codeOrData) return true;
    const types = query === 'lar' ? (longMode ? LAR_LONG : LAR_LEGACY) : longMode ? LSL_LONG : LSL_LEGACY;
    return types.includes(found.type);
  }
}
