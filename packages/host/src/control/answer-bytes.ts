import { MAX_MEMORY_CHUNK } from './protocol.js';

/** Answers of methods that are not listed below: tables and statistics. */
const SMALL = 0x1000;
/** Base64 encodes three bytes in four characters; the rest of the line is small. */
const MEMORY = Math.ceil(MAX_MEMORY_CHUNK / 3) * 4 + SMALL;

/**
 * Largest sizes in bytes of the answers of methods with large answers. A picture or a piece of a trace may be larger,
 * but then no other request runs beside it, because it fills the limit.
 */
const LARGE: Readonly<Record<string, number>> = {
  'vm.memory': MEMORY,
  'vm.virtualMemory': MEMORY,
  'vm.screenshot': Number.MAX_SAFE_INTEGER,
  'trace.read': Number.MAX_SAFE_INTEGER,
};

/** Largest size in bytes of a method's answer. */
export function answerBytesOf(method: string): number {
  return (Object.hasOwn(LARGE, method) ? LARGE[method] : undefined) ?? SMALL;
}
