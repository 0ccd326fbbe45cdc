import type { MemorySlice, SharedMemoryAttachment } from '@qvm/core/services';
import { RegionSignals } from './region-signals.js';

/** Number of bytes in a slice after the region's own, for the signals: the granule of slices. */
export const SIGNAL_ROOM = 0x1_0000;

/** The result of attaching, on any thread. */
export interface Attached {
  readonly name: string;
  readonly bytes: number;
  readonly index: number;
  readonly slice: MemorySlice;
  readonly memory: WebAssembly.Memory;
}

/** A client's connection to the registry. */
export interface AttachmentLink {
  /** Makes clients check their pending notifications. */
  wake(clients: number): void;
  detach(): void;
}

/** The signals of a region. */
export function signalsOf(memory: WebAssembly.Memory, slice: MemorySlice): RegionSignals {
  return new RegionSignals(memory.buffer, slice.offset + slice.bytes - SIGNAL_ROOM);
}

/** One client of a region: reads and sets signals itself, and uses the registry only to wake others. */
export class Attachment implements SharedMemoryAttachment {
  readonly name: string;
  readonly bytes: number;
  readonly index: number;
  readonly slice: MemorySlice;
  readonly #memory: WebAssembly.Memory;
  readonly #signals: RegionSignals;
  readonly #link: AttachmentLink;
  #attached = true;

  constructor({ name, bytes, index, slice, memory }: Attached, link: AttachmentLink) {
    this.name = name;
    this.bytes = bytes;
    this.index = index;
    this.slice = slice;
    this.#memory = memory;
    this.#signals = signalsOf(memory, slice);
    this.#link = link;
  }

  get view(): Uint8Array {
    return new Uint8Array(this.#memory.buffer, this.slice.offset, this.#attached ? this.bytes : 0);
  }

  get active(): number {
    return this.#attached ? this.#signals.active : 0;
  }

  get pending(): number {
    return this.#attached ? this.#signals.pending(this.index) : 0;
  }

  takePending(): number {
    return this.#attached ? this.#signals.take(this.index) : 0;
  }

  notify(targets: number): void {
    if (!this.#attached) return;
    const wake = this.#signals.notify(this.index, targets);
    if (wake !== 0) this.wake(wake);
  }

  /** Makes clients check their pending notifications, regardless of the sender. */
  wake(clients: number): void {
    this.#link.wake(clients);
  }

  detach(): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#link.detach();
  }
}
