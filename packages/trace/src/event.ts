/**
 * Event of a record in a trace. The first eight are the events of class "QVM" that QNX documents. Of these, 4 to 6
 * follow that numbering with fields of our own. All events from 32 on are our own.
 *
 * @experimental
 */
export enum TraceEventId {
  /** The vCPU continues with guest code. */
  GuestEntry = 0,
  /** The vCPU leaves guest code. */
  GuestExit = 1,
  /** A vCPU was created. */
  VcpuCreated = 2,
  /** An interrupt input went high. */
  InterruptAsserted = 3,
  /** An interrupt input went low. */
  InterruptDeasserted = 4,
  /** A timer got a deadline. */
  TimerCreated = 5,
  /** A timer was due. */
  TimerFired = 6,
  /** Times of entering and leaving guest code, between records 0 and 1. Without it, the guest did not run. */
  Cycles = 7,
  /** A vCPU's turn begins or ends. */
  VcpuState = 32,
  /** The VM's state changed. */
  VmState = 33,
  /** A step of the VM begins. */
  StepBegin = 34,
  /** A step of the VM ends. */
  StepEnd = 35,
  /** A device register was read or written. */
  VdevAccess = 36,
  /** HVC or SMC. */
  Hypercall = 37,
}

/**
 * Kind of a guest exit, in {@link TraceEvent.b} of `GuestExit`.
 *
 * @experimental
 */
export enum ExitStatus {
  /** An exception of an instruction; the reason is its syndrome. */
  Synchronous = 0,
  /** An interrupt. */
  Interrupt = 1,
  /** The host took the CPU: the vCPU's turn has ended. */
  Scheduled = 2,
}

/**
 * Flag in {@link TraceEvent.b} of `VdevAccess`: it is a write. The low byte is the width in bytes.
 *
 * @experimental
 */
export const ACCESS_WRITE = 0x100;

/**
 * {@link TraceEvent.vcpu} of events without a vCPU.
 *
 * @experimental
 */
export const NO_VCPU = 0xff;

/**
 * One record. The meaning of `name`, `detail` and `a` to `d` depends on the event; docs/formats/trace.md has the table.
 *
 * @experimental
 */
export interface TraceEvent {
  /** Host time in nanoseconds. In a trace that was read: relative to the first thread's time origin. */
  readonly time: number;
  /**
   * Kind of the event, which gives the other fields their meaning. Files of later versions may have further numbers.
   */
  readonly id: TraceEventId | number;
  /** The physical CPU: number of the thread that recorded. */
  readonly cpu: number;
  /** Name of the VM; empty for events of the host. */
  readonly vm: string;
  /** Index, or {@link NO_VCPU}. */
  readonly vcpu: number;
  /** First text of the event, such as the name of a vdev or a cause; empty when it has none. */
  readonly name: string;
  /** Second text of the event; empty when it has none. */
  readonly detail: string;
  /** Below 2^53. */
  readonly a: number;
  /** 32 bits. */
  readonly b: number;
  /** 64 bits. */
  readonly c: bigint;
  /** 64 bits. */
  readonly d: bigint;
}
