import type { Vcpu } from '../vcpu/vcpu.js';
import type { StepTimes } from './step-times.js';
import type { VcpuScheduler } from './vcpu-scheduler.js';
import type { AssembledVm } from './vm-assembly.js';
import type { VmThread } from './vm-thread.js';
import type { VcpuStats, VmStats } from './vm-stats.js';

/** Where the counters of a VM are. */
export interface CountedVm {
  readonly parts: AssembledVm;
  readonly scheduler: VcpuScheduler;
  readonly times: StepTimes;
  readonly thread: VmThread;
}

/** Instructions retired by all vCPUs. */
export function instructionsOf(vcpus: readonly Vcpu[]): number {
  return vcpus.reduce((sum, vcpu) => sum + vcpu.instructions, 0);
}

/** The counters of a VM, as they are now. */
export function collectStats(
  { parts, scheduler, times, thread }: CountedVm,
  vm: Pick<VmStats, 'name' | 'state' | 'resets'>,
): VmStats {
  const { machine, clock, bus } = parts;
  return {
    ...vm,
    time: clock.now(),
    busyTime: times.busy,
    idleTime: times.idle,
    instructions: instructionsOf(machine.vcpus),
    interrupts: bus.statistics().reduce((sum, { count }) => sum + count, 0),
    timerDelays: thread.timerDelays.totals(),
    vcpus: vcpuStats(machine.vcpus, scheduler),
    engine: machine.stats(),
  };
}

function vcpuStats(vcpus: readonly Vcpu[], scheduler: VcpuScheduler): readonly VcpuStats[] {
  const states = scheduler.states();
  return vcpus.map(({ index, instructions, pc, exits }) => ({
    index,
    state: states[index] ?? 'off',
    instructions,
    pc,
    turnTime: scheduler.turnTime(index),
    guestTime: exits?.guestTime ?? scheduler.turnTime(index),
    exits: exits?.totals() ?? {},
  }));
}
