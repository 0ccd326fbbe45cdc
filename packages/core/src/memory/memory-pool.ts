import { QvmError } from '../errors/qvm-error.js';
import { createToken, type Token } from '../plugin/token.js';
import { MAXIMUM_MEMORY, WASM_PAGE } from './memory-limits.js';
import type { MemoryShare, MemorySlice } from './memory-slice.js';
import { reserveMemory } from './reserve-memory.js';
import { VmMemory } from './vm-memory.js';

/**
 * Source of memory for VMs that share memory: a pool on the same thread, or a proxy of one on another thread.
 *
 * @experimental
 */
export interface MemorySource {
  /**
   * Allocates memory for a VM: a slice of the pool. {@link VmMemory.release} returns it.
   *
   * @throws QvmError `memory.exhausted`, `memory.too-large`.
   */
  vmMemory(bytes: number): VmMemory;
}

/** The memory source that a host offers to its VMs. @experimental */
export const MEMORY_SOURCE: Token<MemorySource> = createToken('@qvm/core/MemorySource');

/** A free range. */
interface Hole {
  offset: number;
  bytes: number;
}

/**
 * One `WebAssembly.Memory` in which several VMs and shared regions have slices, so that shared memory is plain RAM to
 * each of them. Slices are allocated and freed on the pool's thread; their bytes may be used on any thread
 * (docs/decisions/0012-shared-memory-pools.md).
 *
 * @experimental
 */
export class MemoryPool implements MemorySource {
  /** Identity of the pool in {@link MemorySlice.pool}, the same on every thread of the process. */
  readonly id = `${randomWord()}${randomWord()}`;
  readonly #bytes: number;
  readonly #taken = new Map<number, number>();
  readonly #holes: Hole[];
  /** First byte that has never been part of a slice; all bytes from here on are zero. */
  #untouched = WASM_PAGE;
  #memory: WebAssembly.Memory | undefined;

  /**
   * @param bytes - capacity: a multiple of 64 KiB, at most 4 GiB − 64 KiB, which is the default. The address space is reserved
   * at the first use; pages cost nothing until they are touched.
   */
  constructor(bytes: number = MAXIMUM_MEMORY) {
    this.#bytes = bytes;
    // The first page stays unused, because offset 0 means "no address" to engines.
    this.#holes = [{ offset: WASM_PAGE, bytes: bytes - WASM_PAGE }];
  }

  /** @throws QvmError `memory.too-large` when the host cannot reserve it. */
  get memory(): WebAssembly.Memory {
    this.#memory ??= reserveMemory(this.#bytes);
    return this.#memory;
  }

  /** Total of free bytes. */
  get available(): number {
    return this.#holes.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Allocates a slice of zero-filled bytes.
   *
   * @param bytes - positive; rounded up to 64 KiB.
   * @throws QvmError `memory.range`, `memory.exhausted`, `memory.too-large`.
   */
  take(bytes: number): MemorySlice {
    if (!Number.isSafeInteger(bytes) || bytes <= 0) throw new QvmError('memory.range', `No slice has ${bytes} bytes.`);
    const rounded = Math.ceil(bytes / WASM_PAGE) * WASM_PAGE;
    const index = this.#holes.findIndex((hole) => hole.bytes >= rounded);
    const hole = this.#holes[index];
    if (hole === undefined) {
      throw new QvmError('memory.exhausted', `No room for ${bytes} bytes: the pool has ${this.available} left.`);
    }
    const { offset } = hole;
    this.#zero(offset, rounded);
    hole.offset += rounded;
    hole.bytes -= rounded;
    if (hole.bytes === 0) this.#holes.splice(index, 1);
    this.#taken.set(offset, rounded);
    return { pool: this.id, offset, bytes: rounded };
  }

  /**
   * Frees a slice. It must not be used any more.
   *
   * @throws QvmError `memory.not-taken` when it is not an allocated slice of this pool.
   */
  give(slice: MemorySlice): void {
    if (slice.pool !== this.id || this.#taken.get(slice.offset) !== slice.bytes) {
      throw new QvmError('memory.not-taken', `No slice of ${slice.bytes} bytes at ${slice.offset} is in use.`);
    }
    this.#taken.delete(slice.offset);
    const after = this.#holes.findIndex(({ offset }) => offset > slice.offset);
    const at = after < 0 ? this.#holes.length : after;
    this.#holes.splice(at, 0, { offset: slice.offset, bytes: slice.bytes });
    this.#merge(at);
    this.#merge(at - 1);
  }

  /** The form of a slice that can be posted to another thread. */
  share(slice: MemorySlice): MemoryShare {
    return { memory: this.memory, slice };
  }

  vmMemory(bytes: number): VmMemory {
    const slice = this.take(bytes);
    return new VmMemory(this.share(slice), () => this.give(slice));
  }

  /** Zeroes the part of a slice that was in use before; the rest is zero already. */
  #zero(offset: number, bytes: number): void {
    const end = Math.min(offset + bytes, this.#untouched);
    const { buffer } = this.memory;
    if (end > offset) new Uint8Array(buffer, offset, end - offset).fill(0);
    this.#untouched = Math.max(this.#untouched, offset + bytes);
  }

  /** Merges a hole with the next one if they are adjacent. */
  #merge(index: number): void {
    const hole = this.#holes[index];
    const next = this.#holes[index + 1];
    if (hole === undefined || next === undefined || hole.offset + hole.bytes !== next.offset) return;
    hole.bytes += next.bytes;
    this.#holes.splice(index + 1, 1);
  }
}

function randomWord(): string {
  return Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
