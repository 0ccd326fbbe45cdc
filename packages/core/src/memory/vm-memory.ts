import { QvmError } from '../errors/qvm-error.js';
import { WASM_PAGE } from './memory-limits.js';
import type { MemoryShare, MemorySlice } from './memory-slice.js';
import { reserveMemory } from './reserve-memory.js';

/**
 * The memory of a VM: engine state and guest RAM. Usually it is a `WebAssembly.Memory` of its own, whose sandbox
 * isolates the VM from others and from the host. VMs that share memory each have a slice of one pool instead
 * (docs/decisions/0012-shared-memory-pools.md). Offsets always count from the start of the `WebAssembly.Memory`.
 *
 * @experimental
 */
export class VmMemory {
  /** The memory that generated code is linked with; shared, and never grown. */
  readonly wasm: WebAssembly.Memory;
  /** The buffer of the whole memory, of which a pooled VM has a slice. It never grows, so views stay valid. */
  readonly buffer: SharedArrayBuffer;
  /** All of it as bytes. */
  readonly u8: Uint8Array;
  /** All of it as 16-bit numbers, in the host's byte order. */
  readonly u16: Uint16Array;
  /** All of it as unsigned 32-bit numbers. */
  readonly u32: Uint32Array;
  /** All of it as signed 32-bit numbers, for `Atomics`. */
  readonly i32: Int32Array;
  /** All of it as unsigned 64-bit numbers. */
  readonly u64: BigUint64Array;
  /** All of it, for accesses of any alignment. */
  readonly data: DataView;
  /** The slice of a pooled VM. */
  readonly slice: MemorySlice | undefined;
  readonly #end: number;
  #next: number;
  #release: (() => void) | undefined;

  /**
   * @param room - capacity in bytes of a memory of its own, rounded up to 64 KiB; or a slice of a pool, zero-filled.
   * @param release - gives the slice back.
   * @throws `QvmError` `memory.too-large` when the host cannot reserve it.
   */
  constructor(room: number | MemoryShare, release?: () => void) {
    this.slice = typeof room === 'number' ? undefined : room.slice;
    this.wasm = typeof room === 'number' ? reserveMemory(room) : room.memory;
    this.buffer = this.wasm.buffer as unknown as SharedArrayBuffer;
    this.u8 = new Uint8Array(this.buffer);
    this.u16 = new Uint16Array(this.buffer);
    this.u32 = new Uint32Array(this.buffer);
    this.i32 = new Int32Array(this.buffer);
    this.u64 = new BigUint64Array(this.buffer);
    this.data = new DataView(this.buffer);
    // Offset 0 stays unused, so that engines can use it as "no address".
    this.#next = this.slice?.offset ?? WASM_PAGE;
    this.#end = this.slice === undefined ? this.buffer.byteLength : this.slice.offset + this.slice.bytes;
    this.#release = release;
  }

  /**
   * Allocates a range permanently.
   *
   * @param alignment - a power of two.
   * @returns the offset of zero-filled bytes.
   * @throws `QvmError` `memory.exhausted`.
   */
  allocate(bytes: number, alignment = 16): number {
    const offset = Math.ceil(this.#next / alignment) * alignment;
    if (offset + bytes > this.#end) {
      throw new QvmError('memory.exhausted', `No room for ${bytes} bytes in the memory of the VM.`);
    }
    this.#next = offset + bytes;
    return offset;
  }

  /** Returns a pooled VM's slice, once; the VM must not run any more. A memory of its own is garbage collected. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }
}
