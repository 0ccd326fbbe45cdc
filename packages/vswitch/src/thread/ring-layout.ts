import { QvmError } from '@qvm/core';
import { LARGEST_RECORD } from './frame-record.js';

/** Words of a ring's control block. Each side writes its own words, and trusts none of the other side's. */
export const Word = {
  /** Number of bytes written by the producer, modulo 2^32. */
  head: 0,
  /** 1 when the producer has closed its end. */
  producerClosed: 1,
  /** 1 while the producer's end is connected. */
  link: 2,
  /** Number of bytes taken by the consumer, modulo 2^32. On another cache line than the producer's words. */
  tail: 16,
  /** 1 while the consumer waits for a message. Both sides write it: the producer clears it. */
  sleeping: 17,
  /** Offloads that the consumer accepts, one bit for each member of an OffloadSet. */
  accepted: 18,
} as const;

/**
 * Initial position: positions wrap at 2^32 after a few megabytes, rather than after hours, so that wrapping is
 * exercised.
 */
export const FIRST_POSITION = 2 ** 32 - (4 << 20);

const CONTROL_WORDS = 32;
const CONTROL_BYTES = 4 * CONTROL_WORDS;
const LARGEST_RING = 1 << 30;

/** One direction of a cable between threads. */
export interface RingMemory {
  readonly control: Int32Array;
  readonly data: Uint8Array;
}

/** Allocates memory for two rings of the given size in bytes. */
export function allocateRings(capacity: number): SharedArrayBuffer {
  requireCapacity(capacity);
  const memory = new SharedArrayBuffer(2 * (CONTROL_BYTES + capacity));
  for (const { control } of ringsIn(memory)) control[Word.head] = control[Word.tail] = FIRST_POSITION | 0;
  return memory;
}

/**
 * The two rings in a memory that may come from another thread.
 *
 * @throws QvmError `network.ring` when its size is not one that `allocateRings` makes.
 */
export function ringsIn(memory: SharedArrayBuffer): readonly [RingMemory, RingMemory] {
  const capacity = memory.byteLength / 2 - CONTROL_BYTES;
  requireCapacity(capacity);
  return [ringAt(memory, 0, capacity), ringAt(memory, CONTROL_BYTES + capacity, capacity)];
}

function ringAt(memory: SharedArrayBuffer, at: number, capacity: number): RingMemory {
  return {
    control: new Int32Array(memory, at, CONTROL_WORDS),
    data: new Uint8Array(memory, at + CONTROL_BYTES, capacity),
  };
}

function requireCapacity(capacity: number): void {
  const isPowerOfTwo = Number.isInteger(Math.log2(capacity));
  if (isPowerOfTwo && capacity >= 2 * LARGEST_RECORD && capacity <= LARGEST_RING) return;
  throw new QvmError(
    'network.ring',
    `A ring of ${capacity} bytes is impossible; say a power of two from 256 KiB to 1 GiB.`,
  );
}
