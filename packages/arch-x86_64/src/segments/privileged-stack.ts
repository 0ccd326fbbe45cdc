import { SegmentRegister, Vector } from '@qvm/isa-x86_64';
import { Attribute, SystemType, TYPE_MASK } from '../state/attributes.js';
import { fromWords, Rights } from '../system/linear-memory.js';
import type { Width } from '../system/linear-memory.js';
import type { Core } from '../vcpu/core.js';
import type { DescriptorTables } from './descriptor-tables.js';
import { Descriptor } from './descriptor-tables.js';
import type { SegmentLoader } from './load-segment.js';
import type { Stack, StackPlace } from './stack.js';

/** Offsets in a task-state segment (SDM vol. 3, 8.2.1, 8.6 and 8.7). */
const [RSP0_LONG, IST1_LONG, ESP0, SP0] = [4, 0x24, 4, 2];
const LONG_STACK: StackPlace = { base: 0, size: 64, within: () => true };

/**
 * The stacks that the task-state segment has for more privileged levels (SDM vol. 3, 6.12.1 and 6.14.2).
 *
 * @experimental
 */
export class PrivilegedStacks {
  /** Selector and descriptor of the stack segment that was found; not for IA-32e mode. */
  selector = 0;
  readonly #segment = new Descriptor();

  constructor(
    private readonly core: Core,
    private readonly tables: DescriptorTables,
    private readonly loader: SegmentLoader,
  ) {}

  /**
   * Begins with the stack of a level, as a transfer to that level does.
   *
   * @param external - bit EXT of error codes.
   */
  begin(stack: Stack, cpl: number, external: number): boolean {
    const { core } = this;
    if (core.state.longMode) {
      if (!this.#read(RSP0_LONG + cpl * 8, 8, external)) return false;
      return this.#beginLong(stack, cpl, external);
    }
    const wide = (core.state.attributes(SegmentRegister.TR) & TYPE_MASK & SystemType.Tss) === Number(SystemType.Tss);
    const width = wide ? 4 : 2;
    const at = wide ? ESP0 + cpl * 8 : SP0 + cpl * 4;
    if (!this.#read(at, width, external)) return false;
    const pointer = core.memory.lo;
    if (!this.#read(at + width, 2, external)) return false;
    const selector = core.memory.lo;
    if (!this.loader.checkStack(selector, cpl, Vector.TS, external)) return false;
    this.selector = selector;
    this.#segment.copy(this.tables.found);
    stack.beginAt(placeOf(this.#segment), pointer, cpl, (selector & 0xfffc) | external);
    return true;
  }

  /** Begins with a stack of the interrupt stack table, 1 to 7. */
  beginInterrupt(stack: Stack, number: number, cpl: number, external: number): boolean {
    if (!this.#read(IST1_LONG + (number - 1) * 8, 8, external)) return false;
    return this.#beginLong(stack, cpl, external);
  }

  /** Marks the stack segment that was found accessed: the last step that can fail. */
  prepare(): boolean {
    if (this.core.state.longMode) return true;
    this.tables.found.copy(this.#segment);
    if (!this.tables.markAccessed()) return false;
    this.#segment.copy(this.tables.found);
    return true;
  }

  /** Loads SS with the segment of the stack that was found; null in IA-32e mode. */
  take(cpl: number): void {
    const { base, limit, attributes } = this.#segment;
    if (this.core.state.longMode) this.loader.loadNullStack(cpl);
    else this.core.state.setSegment(SegmentRegister.SS, this.selector, base, limit, attributes);
  }

  #beginLong(stack: Stack, cpl: number, external: number): boolean {
    const { lo, hi } = this.core.memory;
    stack.beginAt(LONG_STACK, fromWords(lo, hi), cpl, external);
    return true;
  }

  #read(offset: number, width: Width, external: number): boolean {
    const { state, memory, fault } = this.core;
    if (offset + width - 1 > state.limit(SegmentRegister.TR))
      return fault.raise(Vector.TS, (state.selector(SegmentRegister.TR) & 0xfffc) | external);
    return memory.read(state.base(SegmentRegister.TR) + offset, width, Rights.Processor);
  }
}

/** The place of a stack segment of a legacy mode. @experimental */
export function placeOf(segment: Descriptor): StackPlace {
  const { base, limit, attributes } = segment;
  const big = (attributes & Attribute.DB) !== 0;
  const down = (attributes & Attribute.ExpandDown) !== 0;
  const top = big ? 0xffff_ffff : 0xffff;
  return {
    base,
    size: big ? 32 : 16,
    within: (offset, bytes) => {
      const last = offset + bytes - 1;
      return down ? offset > limit && last <= top : last <= limit;
    },
  };
}
