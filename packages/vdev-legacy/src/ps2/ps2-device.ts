import type { Json } from '@qvm/core';
import type { OutputQueue } from './output-queue.js';

/**
 * A device at the end of a PS/2 line.
 *
 * @internal
 */
export interface Ps2Device {
  readonly output: OutputQueue;
  /** Receives a byte from the guest: a command, or the argument of one. */
  receive(byte: number): void;
  /** Resets to the state after power-on and self-test. */
  powerOn(): void;
  save(): Readonly<Record<string, Json>>;
  /**
   * Validates a saved state, without changing anything.
   *
   * @returns a function that restores it.
   */
  decode(state: unknown): () => void;
  status(): Readonly<Record<string, Json>>;
}

/** Answers of both keyboards and mice (IBM PS/2 Hardware Interface Technical Reference, 1990). */
export const ACKNOWLEDGE = 0xfa;
export const RESEND = 0xfe;
export const SELF_TEST_PASSED = 0xaa;
/** Value of the pending command when no argument is expected. */
export const NO_COMMAND = 0;
