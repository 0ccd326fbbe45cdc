import { MAX_MEMORY_CHUNK } from './protocol.js';

/** A request that names no large answer: tables and statistics. */
const SMALL = 0x1000;
/** Base64 has four characters for three bytes; the rest of the line is small. */
const MEMORY = Math.ceil(MAX_MEMORY_CHUNK / 3) * 4 + SMALL;

/**
 * The methods whose answers are large: bytes, at most. A picture and a piece of a trace may be larger; but then they are alone, since
 * they fill the limit.
 */
const LARGE: Readonly<Record<string, number>> = {
  'vm.memory': MEMORY,
  'vm.virtualMemory': MEMORY,
  'vm.screenshot': Number.MAX_SAFE_INTEGER,
  'trace.read': Number.MAX_SAFE_INTEGER,
};

/** How many bytes the answer of a method may have. */
export function answerBytesOf(method: string): number {
  return (Object.hasOwn(LARGE, method) ? LARGE[method] : undefined) ?? SMALL;
}
