import { QvmError } from '@qvm/core';
import { requireObject, requireUnsignedArray, VdevStateError } from '@qvm/core/vdev';
import type { AccessWidth, MmioHandler } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { ConfigSpace } from '../config-space/config-space.js';
import { CAPABILITY_MSIX } from '../config-space/registers.js';
import type { CapabilityList } from '../function/capabilities.js';
import type { MessageSender } from './message-sink.js';
import { VectorSet } from './vector-set.js';

/**
 * The MSI-X interrupts of a function (PCI Local Bus 3.0, section 6.8.2).
 *
 * @experimental
 */
export interface MsixSpec {
  /** Number of vectors, 1 to 2048. */
  readonly vectors: number;
  /** Where the table is; the function's BAR handler must pass accesses there to {@link Msix.table}. */
  readonly table: MsixPlace;
  /** Where the pending bits are; accesses there belong to {@link Msix.pendingBits}. */
  readonly pendingBits: MsixPlace;
}

/**
 * A structure of MSI-X in the memory of a BAR.
 *
 * @experimental
 */
export interface MsixPlace {
  /** Index of the BAR. */
  readonly bar: number;
  /** From the start of the BAR, a multiple of 8. */
  readonly offset: number;
}

const MOST_VECTORS = 2048;
const ENTRY_BYTES = 16;
const ENTRY_WORDS = 4;
/** Words of a table entry. */
const ADDRESS_LOW = 0;
const ADDRESS_HIGH = 1;
const DATA = 2;
const VECTOR_CONTROL = 3;
const VECTOR_MASK = 1;
/** Bits of Message Control, which is at offset 2. */
const ENABLE = 1 << 15;
const FUNCTION_MASK = 1 << 14;
const WORD = 2 ** 32;

/**
 * The vectors of a function with MSI-X. A vector that is masked, or that the function may not send because it is not a
 * bus master, stays pending and is sent when nothing prevents it.
 *
 * @experimental
 */
export class Msix {
  /** Number of vectors. */
  readonly vectors: number;
  /** The table, for the handler of its BAR. */
  readonly table: MmioHandler;
  /** The pending bits, for the handler of their BAR. */
  readonly pendingBits: MmioHandler;
  readonly #config: ConfigSpace;
  readonly #sender: MessageSender;
  readonly #control: number;
  readonly #words: Uint32Array;
  readonly #pending: VectorSet;

  /** @throws `QvmError` `pci.msix` when the number of vectors or a place is not one that PCI allows. */
  constructor(spec: MsixSpec, config: ConfigSpace, capabilities: CapabilityList, sender: MessageSender) {
    const { vectors, table, pendingBits } = spec;
    if (!Number.isInteger(vectors) || vectors < 1 || vectors > MOST_VECTORS) {
      throw new QvmError(
        'pci.msix',
        `A function cannot have ${vectors} MSI-X vectors: 1 to ${MOST_VECTORS} are possible.`,
      );
    }
    this.vectors = vectors;
    this.#config = config;
    this.#sender = sender;
    const last = vectors - 1;
    const bytes = [last & 0xff, last >> 8, ...placeBytes(table), ...placeBytes(pendingBits)];
    const capability = capabilities.add({ id: CAPABILITY_MSIX, bytes, writable: [0, (ENABLE | FUNCTION_MASK) >> 8] });
    this.#control = capability + 2;
    this.#words = new Uint32Array(vectors * ENTRY_WORDS);
    this.#pending = new VectorSet(vectors);
    this.table = { read: this.#readTable, write: this.#writeTable };
    this.pendingBits = { read: this.#readPending, write: () => undefined };
    this.#maskAll();
  }

  /** Whether software has enabled MSI-X: the function then uses no other interrupt. */
  get enabled(): boolean {
    return (this.#config.get(this.#control, 2) & ENABLE) !== 0;
  }

  /**
   * Whether a write to the configuration space touches the writable register of the capability.
   *
   * @param offset - in the configuration space.
   * @param length - in bytes.
   */
  isTouched(offset: number, length: number): boolean {
    return offset < this.#control + 2 && this.#control < offset + length;
  }

  /** Sends the message of a vector, or makes it pending. Without effect when MSI-X is not enabled. */
  trigger(vector: number): void {
    if (!this.enabled || vector >= this.vectors) return;
    if (this.#blocked(vector)) this.#pending.set(vector, true);
    else this.#send(vector);
  }

  /** Sends what is pending and no longer prevented; called after a change of the registers that matter. */
  flush(): void {
    if (!this.enabled || this.#pending.empty) return;
    for (const vector of this.#pending.members()) {
      if (this.#blocked(vector)) continue;
      this.#pending.set(vector, false);
      this.#send(vector);
    }
  }

  /** Resets to power-on state: all vectors are masked. The registers in the configuration space are reset with it. */
  reset(): void {
    this.#maskAll();
    this.#pending.clear();
  }

  /** The table and the pending bits. */
  save(): Json {
    return { table: [...this.#words], pending: this.#pending.save() };
  }

  /**
   * Validates what `save` gave, and changes nothing.
   *
   * @returns a function that restores it.
   * @throws VdevStateError
   */
  decode(state: unknown): () => void {
    const saved = requireObject(state, ['table', 'pending'], 'MSI-X');
    const words = requireUnsignedArray(saved.table, this.#words.length, WORD - 1, 'MSI-X table');
    if (words.length !== this.#words.length) throw new VdevStateError(`MSI-X table has not ${this.vectors} entries`);
    words.forEach((word, index) => {
      if ((word & ~writableBits(index)) !== 0) throw new VdevStateError('MSI-X table has reserved bits');
    });
    const loadPending = this.#pending.decode(saved.pending, 'MSI-X pending bits');
    return () => {
      this.#words.set(words);
      loadPending();
    };
  }

  /** The state for people. */
  status(): Json {
    const used = Array.from({ length: this.vectors }, (_, vector) => vector).filter((vector) => !this.#masked(vector));
    return { enabled: this.enabled, vectors: this.vectors, unmasked: used, pending: this.#pending.members() };
  }

  #send(vector: number): void {
    const at = vector * ENTRY_WORDS;
    const address = this.#word(at + ADDRESS_HIGH) * WORD + this.#word(at + ADDRESS_LOW);
    this.#sender.send(address, this.#word(at + DATA));
  }

  #blocked(vector: number): boolean {
    const masked = (this.#config.get(this.#control, 2) & FUNCTION_MASK) !== 0 || this.#masked(vector);
    return masked || !this.#sender.busMaster;
  }

  #masked(vector: number): boolean {
    return (this.#word(vector * ENTRY_WORDS + VECTOR_CONTROL) & VECTOR_MASK) !== 0;
  }

  #word(index: number): number {
    return this.#words[index] ?? 0;
  }

  #maskAll(): void {
    this.#words.fill(0);
    for (let vector = 0; vector < this.vectors; vector++)
      this.#words[vector * ENTRY_WORDS + VECTOR_CONTROL] = VECTOR_MASK;
  }

  readonly #readTable = (offset: number, width: AccessWidth): number => lane(this.#word(offset >>> 2), offset, width);

  readonly #writeTable = (offset: number, width: AccessWidth, value: number): void => {
    const index = offset >>> 2;
    if (offset >= this.vectors * ENTRY_BYTES) return;
    const shift = 8 * (offset & 3);
    const mask = width === 4 ? WORD - 1 : (2 ** (8 * width) - 1) << shift;
    this.#words[index] = ((this.#word(index) & ~mask) | ((value << shift) & mask)) & writableBits(index);
    this.flush();
  };

  readonly #readPending = (offset: number, width: AccessWidth): number =>
    lane(this.#pending.word(offset >>> 2), offset, width);
}

/** Message addresses are multiples of 4; of Vector Control, only the mask is implemented. */
function writableBits(index: number): number {
  const word = index % ENTRY_WORDS;
  if (word === ADDRESS_LOW) return 0xffff_fffc;
  return word === VECTOR_CONTROL ? VECTOR_MASK : 0xffff_ffff;
}

function lane(word: number, offset: number, width: AccessWidth): number {
  return (word >>> (8 * (offset & 3))) % 2 ** (8 * width);
}

/** Offset and BAR indicator of a table, as four bytes. */
function placeBytes({ bar, offset }: MsixPlace): readonly number[] {
  if (
    !Number.isInteger(bar) ||
    bar < 0 ||
    bar > 5 ||
    !Number.isInteger(offset) ||
    offset < 0 ||
    offset % 8 !== 0 ||
    offset >= WORD
  ) {
    throw new QvmError('pci.msix', `MSI-X cannot have a structure at offset ${offset} of BAR ${bar}.`);
  }
  const value = offset + bar;
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
}
