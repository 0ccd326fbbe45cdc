import type { KnownFacts } from '../builder/known-facts.js';
import type { Window } from './window.js';

/** The position in a window that a register points to. @internal */
export interface WindowView {
  readonly window: Window;
  readonly position: number;
}

/** A value that is the sum of a register's value and a constant. @internal */
export interface Displaced {
  /** The register's offset in the state. */
  readonly register: number;
  readonly displacement: number;
}

/**
 * Facts that hold at one point of a region on every path to it, so that tests and loads need not be repeated.
 *
 * @internal
 */
export class Facts implements KnownFacts {
  readonly #facts: Set<number>;
  /** By the offset of the register. */
  readonly #windows: Map<number, WindowView>;

  private constructor(facts: Set<number>, windows: Map<number, WindowView>) {
    this.#facts = facts;
    this.#windows = windows;
  }

  /** No facts. */
  static none(): Facts {
    return new Facts(new Set(), new Map());
  }

  /** The facts that hold in all of these. */
  static common([first, ...others]: readonly Facts[]): Facts {
    if (first === undefined) return Facts.none();
    const facts = new Set(first.#facts);
    const windows = new Map(first.#windows);
    for (const other of others) {
      facts.forEach((fact) => {
        if (!other.#facts.has(fact)) facts.delete(fact);
      });
      windows.forEach((view, register) => {
        if (!isSame(view, other.#windows.get(register))) windows.delete(register);
      });
    }
    return new Facts(facts, windows);
  }

  /** Whether the field of the state at this offset is 0. It may change only outside of regions. */
  isZeroField(offset: number): boolean {
    return this.#facts.has(offset + Fact.zeroField);
  }

  learnZeroField(offset: number): void {
    this.#facts.add(offset + Fact.zeroField);
  }

  /** Whether the register at this offset of the state has passed the alignment check of stack pointers. */
  isAlignedRegister(offset: number): boolean {
    return this.#facts.has(offset + Fact.aligned);
  }

  learnAlignedRegister(offset: number): void {
    this.#facts.add(offset + Fact.aligned);
  }

  /** Whether all bytes of a page, by its number relative to the region's, may be fetched. */
  isFetchedPage(page: number): boolean {
    return this.#facts.has(Fact.fetchedPage + page);
  }

  learnFetchedPage(page: number): void {
    this.#facts.add(Fact.fetchedPage + page);
  }

  /**
   * Records a write to the register at this offset. `value`: the sum of a register's value before the write and a
   * constant, if the written value has that form.
   */
  noteWrite(offset: number, value: Displaced | undefined): void {
    const aligned =
      value !== undefined && value.displacement % STACK_ALIGNMENT === 0 && this.isAlignedRegister(value.register);
    if (aligned) this.learnAlignedRegister(offset);
    else this.#facts.delete(offset + Fact.aligned);
    const view = value && this.#windows.get(value.register);
    if (view)
      this.#windows.set(offset, { window: view.window, position: view.position + (value as Displaced).displacement });
    else this.#windows.delete(offset);
  }

  /** The window that the register at this offset points into or near. */
  windowAt(offset: number): WindowView | undefined {
    return this.#windows.get(offset);
  }

  learnWindow(offset: number, view: WindowView): void {
    this.#windows.set(offset, view);
  }

  /** Drops the windows whose address was in a local that is now written. */
  forgetWindows(local: number): void {
    this.#windows.forEach(({ window }, offset) => {
      if (window.local === local) this.#windows.delete(offset);
    });
  }

  /** Whether the local of the register at this offset of the state holds its value. */
  isInLocal(offset: number): boolean {
    return this.#facts.has(offset + Fact.inLocal);
  }

  learnInLocal(offset: number): void {
    this.#facts.add(offset + Fact.inLocal);
  }
}

const isSame = (x: WindowView, y: WindowView | undefined): boolean =>
  x.window === y?.window && x.position === y.position;

/** Kinds of facts; kind and state offset, or page number, are stored together as one number. */
const Fact = { zeroField: 0, aligned: 0x1_0000, inLocal: 0x2_0000, fetchedPage: 0x8000_0000 } as const;
const STACK_ALIGNMENT = 16;
