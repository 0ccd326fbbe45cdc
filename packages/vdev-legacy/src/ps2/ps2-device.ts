import type { Json } from '@qvm/core';
import type { OutputQueue } from './output-queue.js';

/**
 * A device at the end of a PS/2 line.
 *
 * @internal
 */
export interface Ps2Device {
  readonly output: OutputQueue;
  /** The guest sent a byte: a command, or the argument of one. */
  receive(byte: number): void;
  /** Back to how it is after power-on, its self-test long past. */
  powerOn(): void;
  save(): Readonly<Record<string, Json>>;
  /**
   * Checks a saved state without touching anything.
   *
   * @returns takes it over.
   */
  decode(state: unknown): () => void;
  status(): Readonly<Record<string, Json>>;
}

/** Answers that keyboards and mice share (IBM PS/2 Hardware Interface Technical Reference, 1990). */
export const ACKNOWLEDGE = 0xfa;
export const RESEND = 0xfe;
export const SELF_TEST_PASSED = 0xaa;
/** Where no argument is expected. */
export const NO_COMMAND = 0;
