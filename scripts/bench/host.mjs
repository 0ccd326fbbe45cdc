import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, type } from 'node:os';

/** Fields of /proc/PID/stat after the command's closing parenthesis. */
const STAT_UTIME = 11;
const STAT_STIME = 12;
/** USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

const readProcess = (pid, file) => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined;
  }
};

/** CPU seconds that a process and all its threads have used; undefined where the host has no /proc. */
export function cpuSecondsOf(pid) {
  const text = readProcess(pid, 'stat');
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[STAT_UTIME]) + Number(fields[STAT_STIME])) / TICKS_PER_SECOND;
}

/** Resident memory of a process in MiB; undefined where the host has no /proc. */
export function residentMibOf(pid) {
  const kib = /^VmRSS:\s*(\d+) kB/m.exec(readProcess(pid, 'status') ?? '')?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
}

/** Output of a command, or undefined when it cannot be run. */
export function outputOf(command, args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/** The conditions of a measurement, as lines for people. */
export function hostConditions() {
  const model = cpus()[0]?.model ?? 'unknown CPU';
  const load = loadavg().map((value) => value.toFixed(1));
  return [
    `date    ${new Date().toISOString()}`,
    `host    ${model}, ${availableParallelism()} cores, ${type()} ${release()}, load ${load.join(' ')}`,
    `node    ${process.version}, V8 ${process.versions.v8}`,
  ];
}
