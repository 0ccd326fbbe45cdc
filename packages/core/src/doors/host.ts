/**
 * For programs that make VMs themselves, without `@qvm/sdk`: the VM, its options, life cycle, clocks and statistics.
 *
 * @module
 */

export { hostNanoseconds } from '../clock/host-time.js';
export { InstructionClock } from '../clock/instruction-clock.js';
export { RealTimeClock } from '../clock/real-time-clock.js';
export type { TimerDelayTotals } from '../clock/timer-delays.js';
export { TimerQueue } from '../clock/timer-queue.js';
export type { VmClock } from '../clock/vm-clock.js';
export { createVmHooks } from '../hooks/vm-hooks.js';
export type { InterruptStatistics } from '../interrupt/interrupt-bus.js';
export type { ExitTotals } from '../vcpu/guest-exits.js';
export type { VdevSnapshot } from '../vm/save-vdevs.js';
export type { StepResult } from '../vm/step-result.js';
export { VdevError } from '../vm/vdev-error.js';
export type { VdevInstance, VdevRange } from '../vm/vdev-instance.js';
export type { VdevPlacement } from '../vm/vdev-placement.js';
export type { CharacterBackendOpener, ClockSpec, RamSpec, ReserveSpec, VdevSpec, VmOptions } from '../vm/vm-options.js';
export type { VmState, VmVerb } from '../vm/vm-state.js';
export { VmLifecycle, nextVmState } from '../vm/vm-state.js';
export type { VcpuStats, VmStats } from '../vm/vm-stats.js';
export type { BootFiles } from '../vm/guest-boot.js';
export { Vm } from '../vm/vm.js';
