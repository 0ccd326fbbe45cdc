import type { GuestMemory } from '@qvm/core/vdev';
import type { VirtqueueBuffer } from '../device/virtio-device.js';

/** Below this size, a loop is faster than making a view. */
const SHORT_COPY = 64;
/** VirtIO 1.2, section 2.7.4: largest total size of a chain. */
const MAXIMUM_BYTES = 2 ** 32;

/** One buffer of a driver: the memory of a chain of descriptors, resolved to views of guest RAM. */
export class ChainBuffer implements VirtqueueBuffer {
  readonly #memory: GuestMemory;
  readonly #read: Uint8Array[] = [];
  readonly #write: Uint8Array[] = [];
  /** Guest-physical address of each view in `#write`. */
  readonly #addresses: number[] = [];
  #readable = 0;
  #writable = 0;
  #exposed = false;
  /** The ring that it was taken from, until it is returned. */
  owner: object | undefined;
  /** The driver's identification of the buffer: head index (split) or buffer id (packed). */
  id = 0;
  /** Number of descriptors in the ring itself that the chain occupies. */
  ringEntries = 0;

  constructor(memory: GuestMemory) {
    this.#memory = memory;
  }

  get readable(): number {
    return this.#readable;
  }

  get writable(): number {
    return this.#writable;
  }

  /**
   * Appends the range of one descriptor. An empty range is valid, and adds nothing.
   *
   * @returns the problem, or `undefined`.
   */
  append(address: number, length: number, write: boolean): string | undefined {
    if (length === 0) return undefined;
    if (this.#readable + this.#writable + length > MAXIMUM_BYTES) return 'a buffer of more than 4 GiB';
    if (!write && this.#writable !== 0) return 'a readable descriptor after a writable one';
    const views = write ? this.#write : this.#read;
    if (!this.#memory.resolve(address, length, write ? 'write' : 'read', views)) {
      return `a descriptor of 0x${length.toString(16)} bytes at 0x${address.toString(16)}, which is not in RAM`;
    }
    if (write) {
      this.#noteAddresses(address);
      this.#writable += length;
    } else {
      this.#readable += length;
    }
    return undefined;
  }

  read(offset: number, target: Uint8Array): number {
    return forEachPart(this.#read, offset, target.length, (view, start, length, done) =>
      copy(view, start, target, done, length),
    );
  }

  write(offset: number, source: Uint8Array): number {
    return forEachPart(this.#write, offset, source.length, (view, start, length, done, index) => {
      copy(source, done, view, start, length);
      this.#memory.touched((this.#addresses[index] ?? 0) + start, length);
    });
  }

  readViews(offset: number, length: number): readonly Uint8Array[] {
    return slice(this.#read, offset, length);
  }

  writeViews(offset: number, length: number): readonly Uint8Array[] {
    this.#exposed = true;
    return slice(this.#write, offset, length);
  }

  /** Must be called when the device is done: reports changes that it may have made through views to the memory. */
  release(): void {
    if (!this.#exposed) return;
    this.#write.forEach((view, index) => this.#memory.touched(this.#addresses[index] ?? 0, view.length));
  }

  /** Records the addresses of the views that were just appended, which are contiguous. */
  #noteAddresses(address: number): void {
    let next = address;
    for (let index = this.#addresses.length; index < this.#write.length; index++) {
      this.#addresses.push(next);
      next += this.#write[index]?.length ?? 0;
    }
  }
}

function copy(source: Uint8Array, from: number, target: Uint8Array, to: number, length: number): void {
  if (length > SHORT_COPY) {
    target.set(source.subarray(from, from + length), to);
    return;
  }
  for (let index = 0; index < length; index++) target[to + index] = source[from + index] ?? 0;
}

function slice(views: readonly Uint8Array[], offset: number, length: number): readonly Uint8Array[] {
  const result: Uint8Array[] = [];
  forEachPart(views, offset, length, (view, start, part) => {
    result.push(part === view.length ? view : view.subarray(start, start + part));
  });
  return result;
}

/** Gets a part of a view, the number of bytes of the range before it, and the index of the view. */
type PartVisitor = (view: Uint8Array, start: number, length: number, done: number, index: number) => void;

/** Visits the parts of views that make up a range of their bytes; returns the length of the existing range. */
function forEachPart(views: readonly Uint8Array[], offset: number, length: number, visit: PartVisitor): number {
  let done = 0;
  let start = offset;
  for (let index = 0; done < length && index < views.length; index++) {
    const view = views[index] as Uint8Array;
    const part = Math.min(view.length - start, length - done);
    if (part > 0) {
      visit(view, start, part, done, index);
      done += part;
    }
    start = Math.max(0, start - view.length);
  }
  return done;
}
