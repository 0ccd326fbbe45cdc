import { NO_ERROR_CODE } from '../system/guest-fault.js';

/** Where an event comes from. @experimental */
export enum EventSource {
  /** An exception of the present instruction. */
  Exception,
  /** An interrupt of the interrupt controller, or NMI. */
  External,
  /** INT n, INT3 or INTO, which need the gate's permission. */
  Software,
}

/** An exception or interrupt to be delivered. @experimental */
export interface CpuEvent {
  /** Vector, 0 to 255. */
  readonly vector: number;
  readonly source: EventSource;
  /** Error code, or `NO_ERROR_CODE`. */
  readonly error: number;
  /** Offset in the code segment that is saved. */
  readonly rip: number;
  /** Whether the saved RFLAGS have RF set. */
  readonly resume: boolean;
}

/** An event without error code that does not restart an instruction. @experimental */
export function simpleEvent(vector: number, source: EventSource, rip: number): CpuEvent {
  return { vector, source, error: NO_ERROR_CODE, rip, resume: false };
}
