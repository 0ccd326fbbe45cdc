import { QvmError } from '../errors/qvm-error.js';

const WASM_PAGE = 0x10000;
/** Node 20's limit for one memory, less a page so that end offsets fit 32 bits. */
const MAXIMUM_BYTES = 0x1_0000_0000 - WASM_PAGE;

/**
 * The one memory of a VM: engine state at the bottom, guest RAM above. Everything that translated guest code can reach
 * is in here, so the WebAssembly sandbox isolates VMs from each other and from the host.
 *
 * @experimental
 */
export class VmMemory {
  readonly wasm: WebAssembly.Memory;
  /** The whole memory. It never grows, so views stay valid. */
  readonly buffer: SharedArrayBuffer;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly u64: BigUint64Array;
  readonly data: DataView;
  #next: number;

  /**
   * @param bytes - capacity; rounded up to 64 KiB. Pages cost nothing until they are touched.
   * @throws {@link QvmError} `memory.too-large` when the host cannot reserve it.
   */
  constructor(bytes: number) {
    const pages = Math.ceil(bytes / WASM_PAGE);
    if (pages * WASM_PAGE > MAXIMUM_BYTES) {
      throw new QvmError('memory.too-large', `A VM of ${bytes} bytes exceeds the limit of ${MAXIMUM_BYTES} bytes.`);
    }
    try {
      this.wasm = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch (cause) {
      throw new QvmError('memory.too-large', `The host cannot reserve ${pages * WASM_PAGE} bytes for a VM.`, { cause });
    }
    this.buffer = this.wasm.buffer as unknown as SharedArrayBuffer;
    this.u8 = new Uint8Array(this.buffer);
    this.u16 = new Uint16Array(this.buffer);
    this.u32 = new Uint32Array(this.buffer);
    this.i32 = new Int32Array(this.buffer);
    this.u64 = new BigUint64Array(this.buffer);
    this.data = new DataView(this.buffer);
    // Offset 0 stays unused, so that engines can use it as "no address".
    this.#next = WASM_PAGE;
  }

  /**
   * Reserves a range for good.
   *
   * @param alignment - a power of two.
   * @returns the offset of zero-filled bytes.
   * @throws {@link QvmError} `memory.exhausted`.
   */
  allocate(bytes: number, alignment = 16): number {
    const offset = Math.ceil(this.#next / alignment) * alignment;
    if (offset + bytes > this.buffer.byteLength) {
      throw new QvmError('memory.exhausted', `No room for ${bytes} bytes in the memory of the VM.`);
    }
    this.#next = offset + bytes;
    return offset;
  }
}
