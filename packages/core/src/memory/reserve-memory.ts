import { QvmError } from '../errors/qvm-error.js';
import { MAXIMUM_MEMORY, WASM_PAGE } from './memory-limits.js';

/**
 * Makes a shared memory of fixed size. Pages take no host memory until they are accessed.
 *
 * @param bytes - rounded up to 64 KiB.
 * @throws `QvmError` `memory.too-large` when it exceeds the limit or the host cannot reserve it.
 */
export function reserveMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / WASM_PAGE);
  if (!(pages * WASM_PAGE <= MAXIMUM_MEMORY)) {
    throw new QvmError('memory.too-large', `A memory of ${bytes} bytes exceeds the limit of ${MAXIMUM_MEMORY} bytes.`);
  }
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw new QvmError('memory.too-large', `The host cannot reserve ${pages * WASM_PAGE} bytes of memory.`, { cause });
  }
}
