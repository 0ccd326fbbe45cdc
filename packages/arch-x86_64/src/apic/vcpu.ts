/**
 * The part of a vCPU that its local APIC uses. The vCPU gives itself to `LocalApic.connect`.
 *
 * @experimental
 */
export interface ApicVcpu {
  /**
   * A request became pending (`LocalApic.requests`): a running vCPU looks at them before its next instruction, a
   * waiting one wakes up. Called on the thread of the VM, also from within the vCPU's own accesses.
   */
  kick(): void;
  /**
   * The first clock time (nanoseconds) at which the time-stamp counter of this vCPU has reached `count`, an unsigned
   * 64-bit number; `Infinity` if it never does.
   */
  timeOfTsc(count: bigint): number;
}

/**
 * The requests of a local APIC to its vCPU: bits of `LocalApic.requests`. The vCPU takes the highest first (SDM 3A, 6.9).
 *
 * @experimental
 */
export enum ApicRequest {
  /** An interrupt is deliverable: `acknowledge` gives its vector. Taken when RFLAGS.IF is set. */
  Interrupt = 1,
  /** A non-maskable interrupt: `takeNmi`. */
  Nmi = 2,
  /** A start-up message, while the vCPU waits for one: `takeStartUp` gives its vector. */
  StartUp = 4,
  /** INIT: `takeInit`. */
  Init = 8,
}
