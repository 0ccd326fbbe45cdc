import { hexadecimal } from '@qvm/core';
import type { Json } from '@qvm/core';
import { describeError, type ExitRecord, type VmHandle } from '@qvm/sdk';
import { engineLines } from './engine-lines.js';

/** Counters of a VM in this process, or in a host, which sends program counters in hexadecimal. */
interface ShownStats {
  readonly time: number;
  readonly busyTime: number;
  readonly instructions: number;
  readonly interrupts: number;
  readonly resets: number;
  readonly vcpus: readonly {
    readonly index: number;
    readonly state: string;
    readonly instructions: number;
    readonly pc: bigint | string;
  }[];
  readonly engine: Readonly<Record<string, Json>>;
}

/** The reason for a VM's end, if it is not a normal end. */
export function exitLines({ name }: VmHandle, { exitCode, reason, cause }: ExitRecord): readonly string[] {
  if (exitCode === 0) return [];
  return [endLine(name, { reason, ...(cause === undefined ? {} : { cause: describeError(cause) }) })];
}

/** The end of a VM in one line; if the cause includes the reason, only the cause is shown. */
export function endLine(name: string, end: { readonly reason: string; readonly cause?: string }): string {
  const reason = end.reason.replace(/\.$/, '');
  const cause = end.cause ?? '';
  if (cause === '') return `error: ${name}: ${reason}`;
  return `error: ${name}: ${cause.startsWith(reason) ? cause : `${reason}: ${cause}`}`;
}

/** The end of a VM, for programs. */
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
  const { time, busyTime, instructions, resets, interrupts, timerDelays, vcpus, engine } = vm.stats();
  return {
    time,
    busyTime,
    instructions,
    resets,
    interrupts,
    timerDelays: { ...timerDelays },
    vcpus: vcpus.map(({ index, state, instructions: retired, pc }) => ({
      index,
      state,
      instructions: retired,
      pc: pcText(pc),
    })),
    engine,
  };
}

/** Statistics, for users. */
export function statsLines(stats: ShownStats): readonly string[] {
  const { time, busyTime, instructions, resets, interrupts, vcpus, engine } = stats;
  const speed = busyTime === 0 ? '' : ` (${(instructions / (busyTime / 1e3)).toFixed(1)} MIPS while busy)`;
  return [
    `guest time    ${seconds(time)}, host time busy ${seconds(busyTime)}`,
    `instructions  ${instructions}${speed}`,
    `interrupts    ${interrupts}`,
    `resets        ${resets}`,
    ...vcpus.map(
      ({ index, state, instructions: retired, pc }) =>
        `vcpu ${index}        ${state}, ${retired} instructions, pc ${pcText(pc)}`,
    ),
    ...engineLines(engine, instructions),
  ];
}

function seconds(nanoseconds: number): string {
  return `${(nanoseconds / 1e9).toFixed(3)} s`;
}

function pcText(pc: bigint | string): string {
  return typeof pc === 'string' ? pc : hexadecimal(pc);
}
