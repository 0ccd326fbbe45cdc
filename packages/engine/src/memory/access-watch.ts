/** A memory access that is compared with watchpoints. @experimental */
export interface WatchedAccess {
  /** Virtual address, low and high word. */
  readonly lo: number;
  /** Virtual address, bits 63–32, unsigned. */
  readonly hi: number;
  /** Size in bytes. */
  readonly bytes: number;
  /** Whether it is a write. */
  readonly write: boolean;
  /** Whether it is made with the rights of the operating system. */
  readonly privileged: boolean;
}

/**
 * The watchpoints of a vCPU. The engine enters no page that they cover into the TLB, so that each access to it is
 * checked.
 *
 * @experimental
 */
export interface AccessWatch {
  /** Whether any is enabled. */
  readonly armed: boolean;
  /** Whether the page of a virtual address must not be in the TLB. */
  coversPage(lo: number, hi: number): boolean;
  /** Whether a watchpoint stops an access that did not fault. */
  stop(access: WatchedAccess): boolean;
}
