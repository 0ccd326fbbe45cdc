import type { Json } from '@qvm/core';
import { describeError, type ExitRecord, type VmHandle } from '@qvm/sdk';

/** Why a VM ended, where that is not what everyone expects. */
export function exitLines(vm: VmHandle, exit: ExitRecord): readonly string[] {
  if (exit.exitCode === 0) return [];
  const cause = exit.cause === undefined ? '' : `: ${describeError(exit.cause)}`;
  const reason = exit.reason.replace(/\.$/, '');
  return [`error: ${vm.name}: ${cause.startsWith(`: ${reason}`) ? cause.slice(2) : `${reason}${cause}`}`];
}

/** The end of a VM for programs. */
export function exitRecord(vm: VmHandle, exit: ExitRecord, stats: boolean): Json {
  return {
    name: vm.name,
    exitCode: exit.exitCode,
    reason: exit.reason,
    ...(exit.cause === undefined ? {} : { cause: describeError(exit.cause) }),
    ...(stats ? { stats: statsOf(vm) } : {}),
  };
}

function statsOf(vm: VmHandle): Json {
  const { time, busyTime, instructions, resets, interrupts, vcpus, engine } = vm.stats();
  return {
    time,
    busyTime,
    instructions,
    resets,
    interrupts,
    vcpus: vcpus.map(({ index, state, instructions: retired, pc }) => ({
      index,
      state,
      instructions: retired,
      pc: `0x${pc.toString(16)}`,
    })),
    engine,
  };
}

/** Statistics for people. */
export function statsLines(vm: VmHandle): readonly string[] {
  const { time, busyTime, instructions, resets, interrupts, vcpus, engine } = vm.stats();
  const mips = busyTime === 0 ? 0 : instructions / (busyTime / 1e3);
  return [
    `guest time    ${seconds(time)}, host time busy ${seconds(busyTime)}`,
    `instructions  ${instructions} (${mips.toFixed(1)} MIPS while busy)`,
    `interrupts    ${interrupts}`,
    `resets        ${resets}`,
    ...vcpus.map(
      ({ index, state, instructions: retired, pc }) =>
        `vcpu ${index}        ${state}, ${retired} instructions, pc 0x${pc.toString(16)}`,
    ),
    ...Object.entries(engine).map(([name, value]) => `${name.padEnd(13)} ${JSON.stringify(value)}`),
  ];
}

function seconds(nanoseconds: number): string {
  return `${(nanoseconds / 1e9).toFixed(3)} s`;
}
