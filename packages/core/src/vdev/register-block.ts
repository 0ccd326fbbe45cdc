import { QvmError } from '../errors/qvm-error.js';
import type { AccessWidth, MmioHandler } from '../memory/memory-region.js';
import { isStored, registerMask } from './register-layout.js';
import type { RegisterLayout, RegisterSpec } from './register-layout.js';
import { requireObject, requireUnsigned } from './vdev-state.js';

interface Entry<Target> {
  readonly spec: RegisterSpec<Target>;
  readonly index: number;
  readonly mask: number;
}

/**
 * Values of the stored registers of a block, by name.
 *
 * @stable
 */
export type RegisterValues<Name extends string> = Readonly<Record<Name, number>>;

/**
 * A range of 32-bit registers, driven by their layout.
 *
 * Accesses of 1 and 2 bytes affect the byte lanes that they address, as on a bus with byte strobes. Offsets without a
 * register read as zero and ignore writes.
 *
 * @stable
 */
export class RegisterBlock<Target, Name extends string> implements MmioHandler {
  readonly #target: Target;
  readonly #entries = new Map<Name, Entry<Target>>();
  /** Entry at each word offset. */
  readonly #slots: (Entry<Target> | undefined)[];
  readonly #values: Uint32Array;
  readonly #storedNames: readonly Name[];

  /**
   * @param size - size of the range in bytes.
   * @throws QvmError `vdev.register-layout` when registers overlap, are unaligned or outside the range.
   */
  constructor(layout: RegisterLayout<Target, Name>, target: Target, size: number) {
    const names = Object.keys(layout) as Name[];
    this.#target = target;
    this.#slots = new Array<Entry<Target> | undefined>(size / 4).fill(undefined);
    this.#values = new Uint32Array(names.length);
    this.#storedNames = names.filter((name) => isStored(layout[name]));
    names.forEach((name, index) => this.#place(name, layout[name], index));
    this.reset();
  }

  /** The value of a stored register. */
  get(name: Name): number {
    return this.#values[this.#entry(name).index] ?? 0;
  }

  /** Sets a stored register, without the effects of a guest's write. Unimplemented bits stay zero. */
  set(name: Name, value: number): void {
    const { index, mask } = this.#entry(name);
    this.#values[index] = value & mask;
  }

  /** Sets every stored register to its reset value. */
  reset(): void {
    for (const { spec, index } of this.#entries.values()) {
      this.#values[index] = spec.reset ?? 0;
    }
  }

  read(offset: number, width: AccessWidth): number {
    const entry = this.#slots[offset >>> 2];
    if (entry === undefined || entry.spec.access === 'wo') {
      return 0;
    }
    const { spec } = entry;
    const value = spec.read === undefined ? (this.#values[entry.index] ?? 0) : spec.read(this.#target);
    return (((value & entry.mask) >>> laneShift(offset)) & laneMask(width)) >>> 0;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    const entry = this.#slots[offset >>> 2];
    if (entry === undefined || entry.spec.access === 'ro') {
      return;
    }
    const shifted = value << laneShift(offset);
    if (entry.spec.write === undefined) {
      this.#store(entry, shifted, laneMask(width) << laneShift(offset));
    } else {
      entry.spec.write(this.#target, (shifted & entry.mask) >>> 0);
    }
  }

  /** The values of all stored registers: JSON-compatible. */
  save(): RegisterValues<Name> {
    return this.#stored((name) => this.get(name));
  }

  /**
   * Checks what {@link RegisterBlock.save} gave, and changes nothing.
   *
   * @throws VdevStateError when a register is missing or unknown, or its value has unimplemented bits.
   */
  decode(state: unknown): RegisterValues<Name> {
    const saved = requireObject(state, this.#storedNames, 'registers');
    return this.#stored((name) => requireUnsigned(saved[name], this.#entry(name).mask, `register ${name}`));
  }

  /** Takes over values from {@link RegisterBlock.decode}, without the effects of a guest's write. */
  load(values: RegisterValues<Name>): void {
    for (const name of this.#storedNames) this.set(name, values[name]);
  }

  #stored(valueOf: (name: Name) => number): RegisterValues<Name> {
    return Object.fromEntries(this.#storedNames.map((name) => [name, valueOf(name)])) as RegisterValues<Name>;
  }

  #store(entry: Entry<Target>, value: number, written: number): void {
    const previous = this.#values[entry.index] ?? 0;
    const next = (((previous & ~written) | (value & written)) & entry.mask) >>> 0;
    this.#values[entry.index] = next;
    entry.spec.changed?.(this.#target, next, previous);
  }

  #entry(name: Name): Entry<Target> {
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      throw new QvmError('vdev.register-layout', `there is no register ${name}`);
    }
    return entry;
  }

  #place(name: Name, spec: RegisterSpec<Target>, index: number): void {
    const slot = spec.offset / 4;
    if (!Number.isInteger(slot) || slot < 0 || slot >= this.#slots.length) {
      throw new QvmError('vdev.register-layout', `register ${name} is unaligned or outside its range`);
    }
    if (this.#slots[slot] !== undefined) {
      throw new QvmError('vdev.register-layout', `register ${name} overlaps another one`);
    }
    const entry = { spec, index, mask: registerMask(spec) };
    this.#slots[slot] = entry;
    this.#entries.set(name, entry);
  }
}

function laneShift(offset: number): number {
  return (offset & 3) * 8;
}

function laneMask(width: AccessWidth): number {
  return width === 4 ? -1 : (1 << (width * 8)) - 1;
}
