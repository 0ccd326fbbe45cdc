import { QvmError } from '@qvm/core';
import type { Json } from '@qvm/core';
import type { ConfigSpace } from '../config-space/config-space.js';
import { CAPABILITY_MSI } from '../config-space/registers.js';
import type { CapabilityList } from '../function/capabilities.js';
import type { MessageSender } from './message-sink.js';
import { VectorSet } from './vector-set.js';

/**
 * The MSI interrupts of a function (PCI Local Bus 3.0, section 6.8.1), with 64-bit addresses and a mask for each vector.
 *
 * @experimental
 */
export interface MsiSpec {
  /** Number of vectors: 1, 2, 4, 8, 16 or 32. */
  readonly vectors: number;
}

/** Bits of Message Control, which is at offset 2. */
const ENABLE = 1 << 0;
const CAPABLE_SHIFT = 1;
const ENABLED_SHIFT = 4;
const ADDRESS_64 = 1 << 7;
const PER_VECTOR_MASK = 1 << 8;
/** Offsets from the start of the capability. */
const CONTROL = 0x02;
const ADDRESS_LOW = 0x04;
const ADDRESS_HIGH = 0x08;
const DATA = 0x0c;
const MASK = 0x10;
const PENDING = 0x14;
const LENGTH = 0x18;
const WORD = 2 ** 32;

/**
 * The vectors of a function with MSI. Like {@link Msix}: what is prevented stays pending.
 *
 * @experimental
 */
export class Msi {
  /** Number of vectors. */
  readonly vectors: number;
  readonly #config: ConfigSpace;
  readonly #sender: MessageSender;
  readonly #offset: number;
  readonly #pending: VectorSet;

  /** @throws `QvmError` `pci.msi` when the number of vectors is not one that PCI allows. */
  constructor({ vectors }: MsiSpec, config: ConfigSpace, capabilities: CapabilityList, sender: MessageSender) {
    const exponent = Math.log2(vectors);
    if (!Number.isInteger(exponent) || exponent < 0 || exponent > 5) {
      throw new QvmError(
        'pci.msi',
        `A function cannot have ${vectors} MSI vectors: a power of two up to 32 is possible.`,
      );
    }
    this.vectors = vectors;
    this.#config = config;
    this.#sender = sender;
    this.#pending = new VectorSet(vectors);
    const control = (exponent << CAPABLE_SHIFT) | ADDRESS_64 | PER_VECTOR_MASK;
    this.#offset = capabilities.add({ id: CAPABILITY_MSI, bytes: new Uint8Array(LENGTH - 2) });
    const at = (offset: number): number => this.#offset + offset;
    config.define({ offset: at(CONTROL), width: 2, value: control, writable: ENABLE | (7 << ENABLED_SHIFT) });
    config.define({ offset: at(ADDRESS_LOW), width: 4, writable: 0xffff_fffc });
    config.define({ offset: at(ADDRESS_HIGH), width: 4, writable: 0xffff_ffff });
    config.define({ offset: at(DATA), width: 2, writable: 0xffff });
    config.define({ offset: at(MASK), width: 4, writable: WORD / 2 ** (32 - vectors) - 1 });
  }

  /** Whether software has enabled MSI: the function then uses no pin. */
  get enabled(): boolean {
    return (this.#field(CONTROL, 2) & ENABLE) !== 0;
  }

  /**
   * Whether a write to the configuration space touches the registers of the capability.
   *
   * @param offset - in the configuration space.
   * @param length - in bytes.
   */
  isTouched(offset: number, length: number): boolean {
    return offset < this.#offset + LENGTH && this.#offset < offset + length;
  }

  /** Sends the message of a vector, or makes it pending. Without effect when MSI is not enabled. */
  trigger(vector: number): void {
    if (!this.enabled || vector >= this.vectors) return;
    if (this.#blocked(vector)) this.#setPending(vector, true);
    else this.#send(vector);
  }

  /** Sends what is pending and no longer prevented; called after a change of the registers that matter. */
  flush(): void {
    if (!this.enabled || this.#pending.empty) return;
    for (const vector of this.#pending.members()) {
      if (this.#blocked(vector)) continue;
      this.#setPending(vector, false);
      this.#send(vector);
    }
  }

  /** Resets to power-on state. The registers in the configuration space are reset with it. */
  reset(): void {
    this.#pending.clear();
  }

  /** The pending vectors. */
  save(): Json {
    return this.#pending.save();
  }

  /**
   * Validates what `save` gave, and changes nothing.
   *
   * @returns a function that restores it.
   * @throws VdevStateError
   */
  decode(state: unknown): () => void {
    const load = this.#pending.decode(state, 'MSI pending bits');
    return () => {
      load();
      this.#showPending();
    };
  }

  /** The state for people. */
  status(): Json {
    return { enabled: this.enabled, vectors: this.vectors, pending: this.#pending.members() };
  }

  /** Section 6.8.1.6: with fewer enabled than there are, the function changes the low bits of the data only that far. */
  #send(vector: number): void {
    const enabled = 2 ** Math.min((this.#field(CONTROL, 2) >> ENABLED_SHIFT) & 7, Math.log2(this.vectors));
    const data = (this.#field(DATA, 2) & ~(enabled - 1)) | (vector % enabled);
    this.#sender.send(this.#field(ADDRESS_HIGH, 4) * WORD + this.#field(ADDRESS_LOW, 4), data);
  }

  #blocked(vector: number): boolean {
    return ((this.#field(MASK, 4) >>> vector) & 1) !== 0 || !this.#sender.busMaster;
  }

  #setPending(vector: number, pending: boolean): void {
    this.#pending.set(vector, pending);
    this.#showPending();
  }

  #showPending(): void {
    this.#config.set(this.#offset + PENDING, 4, this.#pending.word(0));
  }

  #field(offset: number, width: 2 | 4): number {
    return this.#config.get(this.#offset + offset, width);
  }
}
