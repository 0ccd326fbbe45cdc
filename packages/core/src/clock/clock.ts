/**
 * The time of one VM. All times are nanoseconds since the VM was created, as a `number` (exact for 104 days).
 *
 * @stable
 */
export interface Clock {
  /** `real-time` follows the host's clock; `icount` advances with retired instructions, so that runs repeat exactly. */
  readonly kind: 'real-time' | 'icount';
  /** Virtual time now, in nanoseconds. Never decreases. Stands still while the VM is paused. */
  now(): number;
  /** Creates an unarmed timer. `name` appears in traces and errors. */
  createTimer(name: string, callback: () => void): ClockTimer;
  /** The wall-clock time that real-time clocks of the guest show, in seconds since 1970. Deterministic under `icount`. */
  wallClockSeconds(): number;
}

/**
 * A one-shot timer on a VM's clock. Its callback runs between two guest instructions, never inside one.
 *
 * @stable
 */
export interface ClockTimer {
  /** Fires once when `now() >= deadline` (nanoseconds). Replaces an earlier deadline; one in the past fires at the next opportunity. */
  arm(deadline: number): void;
  /** Disarms the timer. Does nothing when it is not armed. */
  cancel(): void;
  /** The armed deadline, or `undefined`. */
  readonly deadline: number | undefined;
  /** Disarms the timer and removes it from its clock, permanently. */
  dispose(): void;
}
