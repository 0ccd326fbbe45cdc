import { TraceEventId } from '../event.js';

/** Printed names of events; the first ones are those that QNX prints. */
export const EVENT_NAMES: ReadonlyMap<number, string> = new Map([
  [TraceEventId.GuestEntry, 'GUEST_ENTER'],
  [TraceEventId.GuestExit, 'GUEST_EXIT'],
  [TraceEventId.VcpuCreated, 'CREATE_VCPU_THREAD'],
  [TraceEventId.InterruptAsserted, 'ASSERT_INTR'],
  [TraceEventId.InterruptDeasserted, 'DEASSERT_INTR'],
  [TraceEventId.TimerCreated, 'TIMER_CREATE'],
  [TraceEventId.TimerFired, 'TIMER_FIRE'],
  [TraceEventId.Cycles, 'CYCLES'],
  [TraceEventId.VcpuState, 'VCPU_STATE'],
  [TraceEventId.VmState, 'VM_STATE'],
  [TraceEventId.StepBegin, 'STEP_BEGIN'],
  [TraceEventId.StepEnd, 'STEP_END'],
  [TraceEventId.VdevAccess, 'VDEV_ACCESS'],
  [TraceEventId.Hypercall, 'HYPERCALL'],
]);
