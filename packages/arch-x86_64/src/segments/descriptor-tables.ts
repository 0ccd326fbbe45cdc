import { SegmentRegister, State, Vector } from '@qvm/isa-x86_64';
import { Attribute, dplOf, TYPE_MASK } from '../state/attributes.js';
import { fromWords, Rights } from '../system/linear-memory.js';
import type { Core } from '../vcpu/core.js';

const TABLE_INDICATOR = 4;
const INDEX_MASK = 0xfff8;
const BYTES = 8;
/** Offset in a descriptor of the byte with its type. */
const TYPE_BYTE = 5;
const TWO_32 = 2 ** 32;
const CANONICAL_LIMIT = 2 ** 47;

/** The requested privilege level of a selector. @experimental */
export const rplOf = (selector: number): number => selector & 3;
/** Whether a selector is null (SDM vol. 3, 3.4.2). @experimental */
export const isNull = (selector: number): boolean => (selector & 0xfffc) === 0;

/** Whether an address, as a signed number, is canonical. @experimental */
export const isCanonicalNumber = (address: number): boolean => address >= -CANONICAL_LIMIT && address < CANONICAL_LIMIT;

/**
 * The descriptor that {@link DescriptorTables.find} has read. The object is reused.
 *
 * @experimental
 */
export class Descriptor {
  selector = 0;
  /** Its linear address. */
  address = 0;
  /** Its two words. */
  lo = 0;
  hi = 0;
  /** The third word of a descriptor of 16 bytes. */
  upper = 0;

  /** {@link Attribute} bits. */
  get attributes(): number {
    return (this.hi >>> 8) & 0xf0ff;
  }

  /** Type, 4 bits. */
  get type(): number {
    return this.attributes & TYPE_MASK;
  }

  get dpl(): number {
    return dplOf(this.attributes);
  }

  get present(): boolean {
    return (this.attributes & Attribute.Present) !== 0;
  }

  /** Whether it is a code or data segment. */
  get codeOrData(): boolean {
    return (this.attributes & Attribute.CodeOrData) !== 0;
  }

  /** Whether it is a code segment. */
  get code(): boolean {
    const both = Attribute.CodeOrData | Attribute.Code;
    return (this.attributes & both) === both;
  }

  /** Whether it is a conforming code segment. */
  get conforming(): boolean {
    return this.code && (this.attributes & Attribute.Conforming) !== 0;
  }

  /** Whether it is a data segment that can be written. */
  get writableData(): boolean {
    return this.codeOrData && !this.code && (this.attributes & Attribute.Writable) !== 0;
  }

  /** Whether it is a data segment, or a code segment that can be read. */
  get readable(): boolean {
    return this.codeOrData && (!this.code || (this.attributes & Attribute.Readable) !== 0);
  }

  /** Base of a segment or of a system segment of 8 bytes. */
  get base(): number {
    return ((this.lo >>> 16) | ((this.hi & 0xff) << 16) | (this.hi & 0xff00_0000)) >>> 0;
  }

  /** Base of a system segment of 16 bytes, as a signed number. */
  get wideBase(): number {
    return (this.upper | 0) * TWO_32 + this.base;
  }

  /** Limit in bytes. */
  get limit(): number {
    const limit = (this.lo & 0xffff) | (this.hi & 0xf_0000);
    return this.attributes & Attribute.Granularity ? ((limit << 12) | 0xfff) >>> 0 : limit;
  }

  /** Target selector of a gate. */
  get gateSelector(): number {
    return this.lo >>> 16;
  }

  /** Target offset of a gate of 32 bits. */
  get gateOffset(): number {
    return ((this.hi & 0xffff_0000) | (this.lo & 0xffff)) >>> 0;
  }

  /** Takes the values of another descriptor. */
  copy({ selector, address, lo, hi, upper }: Descriptor): void {
    this.selector = selector;
    this.address = address;
    this.lo = lo;
    this.hi = hi;
    this.upper = upper;
  }
}

/**
 * Reads descriptors of the GDT and the LDT (SDM vol. 3, 3.5).
 *
 * @experimental
 */
export class DescriptorTables {
  /** The descriptor that was found last. */
  readonly found = new Descriptor();

  constructor(private readonly core: Core) {}

  /**
   * Reads the descriptor of a selector that is not null.
   *
   * @param vector - the exception if there is none: #GP, or #TS in task switches; its error code is the selector.
   * @param external - bit EXT of the error code.
   */
  find(selector: number, vector: Vector = Vector.GP, external = 0): boolean {
    const { core, found } = this;
    const { state, memory } = core;
    const index = selector & INDEX_MASK;
    const local = (selector & TABLE_INDICATOR) !== 0;
    const absent = local && (state.attributes(SegmentRegister.LDTR) & Attribute.Present) === 0;
    if (absent || index + BYTES - 1 > this.#limit(local))
      return core.fault.raise(vector, (selector & 0xfffc) | external);
    const address = (local ? state.base(SegmentRegister.LDTR) : tableBase(core)) + index;
    if (!memory.read(address, 8, Rights.Processor)) return false;
    found.selector = selector;
    found.address = address;
    found.lo = memory.lo;
    found.hi = memory.hi;
    found.upper = 0;
    return true;
  }

  /**
   * Reads the second half of the descriptor that was found, which has 16 bytes in IA-32e mode (SDM vol. 3, 5.8.3.1).
   * Its type must be 0.
   */
  widen(): boolean {
    const { core, found } = this;
    const { memory, fault } = core;
    const { selector } = found;
    const local = (selector & TABLE_INDICATOR) !== 0;
    if ((selector & INDEX_MASK) + 2 * BYTES - 1 > this.#limit(local)) return fault.protection(selector);
    if (!memory.read(found.address + BYTES, 8, Rights.Processor)) return false;
    found.upper = memory.lo;
    return (memory.hi & 0x1f00) === 0 || fault.protection(selector);
  }

  /** Sets the accessed bit of the descriptor that was found. */
  markAccessed(): boolean {
    const { found } = this;
    if (found.attributes & Attribute.Accessed) return true;
    if (!this.core.memory.changeByte(found.address + TYPE_BYTE, 0, Attribute.Accessed)) return false;
    found.hi |= Attribute.Accessed << 8;
    return true;
  }

  /** Sets and clears bits of the type of a descriptor. */
  changeType(descriptor: Descriptor, clear: number, set: number): boolean {
    return this.core.memory.changeByte(descriptor.address + TYPE_BYTE, clear, set);
  }

  #limit(local: boolean): number {
    const { state } = this.core;
    return local ? state.limit(SegmentRegister.LDTR) : state.u32(State.gdtr + 8);
  }
}

function tableBase({ state }: Core): number {
  return fromWords(state.u32(State.gdtr), state.u32(State.gdtr + 4));
}
