import { SegmentRegister, State, Vector } from '@qvm/isa-x86_64';
import { Attribute } from '../state/attributes.js';
import type { Core } from '../vcpu/core.js';
import type { DescriptorTables } from './descriptor-tables.js';
import { Descriptor, isCanonicalNumber } from './descriptor-tables.js';

/**
 * The code segment that a transfer of control goes to, and the change to it (SDM vol. 3, 5.8).
 *
 * @experimental
 */
export class CodeTarget {
  readonly descriptor = new Descriptor();
  #selector = 0;

  constructor(
    private readonly core: Core,
    private readonly tables: DescriptorTables,
  ) {}

  /** Takes the descriptor that was found as the target, with the checks that all transfers have. */
  set(selector: number, external = 0): boolean {
    const { found } = this.tables;
    const { fault, state } = this.core;
    const error = (selector & 0xfffc) | external;
    if (!found.code) return fault.raise(Vector.GP, error);
    const both = Attribute.L | Attribute.DB;
    if (state.longMode && (found.attributes & both) === both) return fault.raise(Vector.GP, error);
    this.descriptor.copy(found);
    this.#selector = selector;
    return true;
  }

  /** Whether the target is present: #NP otherwise. */
  checkPresent(external = 0): boolean {
    return this.descriptor.present || this.core.fault.raise(Vector.NP, (this.#selector & 0xfffc) | external);
  }

  /** Whether the target is code of 64-bit mode. */
  get wide(): boolean {
    return this.core.state.longMode && (this.descriptor.attributes & Attribute.L) !== 0;
  }

  /** Whether an offset is canonical, or within the limit of the target: #GP(0) otherwise. */
  checkOffset(offset: number): boolean {
    const valid = this.wide ? isCanonicalNumber(offset) : offset >= 0 && offset <= this.descriptor.limit;
    return valid || this.core.fault.raise(Vector.GP, 0);
  }

  /** Marks the target accessed: the last step of a transfer that can fail. */
  prepare(): boolean {
    const { found } = this.tables;
    found.copy(this.descriptor);
    if (!this.tables.markAccessed()) return false;
    this.descriptor.copy(found);
    return true;
  }

  /** Enters the target at a privilege level. The instruction pointer is left to the caller. */
  enter(cpl: number): void {
    const { state, controls } = this.core;
    const { base, limit, attributes } = this.descriptor;
    state.setU32(State.cpl, cpl);
    state.setSegment(SegmentRegister.CS, (this.#selector & 0xfffc) | cpl, base, limit, attributes);
    if (state.longMode) state.refreshBases();
    controls.select();
  }
}
