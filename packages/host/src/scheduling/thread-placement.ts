import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { VmSpec } from '@qvm/config';

/** QNX' default priority for threads, which maps to the default nice value, 0. */
const USUAL_PRIORITY = 10;
const HIGHEST_PRIORITY = 255;
const HIGHEST_NICE = -20;
const LOWEST_NICE = 19;
const TASKSET_TIMEOUT_MS = 5_000;

/** The nice value for a priority of 0 to 255: the same order on a coarser scale. */
export function niceOf(priority: number): number {
  const above = priority - USUAL_PRIORITY;
  const nice =
    above > 0 ? (above / (HIGHEST_PRIORITY - USUAL_PRIORITY)) * HIGHEST_NICE : (-above / USUAL_PRIORITY) * LOWEST_NICE;
  // No negative zero.
  return Math.round(nice) + 0;
}

/**
 * Host CPUs of a thread, and its priority from 0 to 255. Absent settings stay unchanged.
 *
 * @experimental
 */
export type ThreadPlace = Pick<VmSpec, 'cpulist' | 'priority'>;

/** The placement of the calling thread with the default priority: the default for VMs without their own placement. */
export function usualPlace(): ThreadPlace {
  const status = readFileSync('/proc/thread-self/status', 'utf8');
  const ranges = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1]?.split(',') ?? [];
  const cpulist = ranges.flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return { cpulist, priority: USUAL_PRIORITY };
}

/**
 * Places the calling thread on the host CPUs of a VM, with the VM's priority, as far as the system allows. The VM also
 * runs if that fails: without `taskset`, on a CPU that does not exist, or without permission for a higher priority.
 *
 * @returns messages about settings that could not be applied.
 */
export function placeThread({ cpulist, priority }: ThreadPlace): readonly string[] {
  const warnings: string[] = [];
  const attempt = (what: string, action: () => void): void => {
    try {
      action();
    } catch (error) {
      warnings.push(`${what}: ${reasonOf(error)}`);
    }
  };
  if (cpulist !== undefined && cpulist.length !== 0) {
    const cpus = cpulist.join(',');
    attempt(`it does not run on host CPUs ${cpus} only`, () => {
      const stdio = ['ignore', 'ignore', 'pipe'] as const;
      execFileSync('taskset', ['-pc', cpus, threadId()], { stdio: [...stdio], timeout: TASKSET_TIMEOUT_MS });
    });
  }
  if (priority !== undefined) {
    const nice = niceOf(priority);
    attempt(`it does not run at priority ${priority} (nice ${nice})`, () => setPriority(Number(threadId()), nice));
  }
  return warnings;
}

/** Thread id from Linux' `PID/task/TID`. */
function threadId(): string {
  return readlinkSync('/proc/thread-self').split('/').at(-1) ?? '';
}

function reasonOf(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: Uint8Array; readonly message: string };
  const said = stderr === undefined ? '' : new TextDecoder().decode(stderr).trim();
  return said === '' ? message : said;
}
