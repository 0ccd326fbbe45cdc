import { randomUUID } from 'node:crypto';
import { link, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuestFetchError, systemErrorCode } from './errors.js';

/** The process that holds a lock. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Its start time (clock ticks since boot), because pids are reused; empty if the system does not provide it. */
  readonly started: string;
}

/** Held until `release` is called. */
export interface Lock {
  release(): Promise<void>;
}

interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once if another process has the lock. */
  readonly onWait?: (pid: number) => void;
  /** Milliseconds between attempts. */
  readonly pollInterval?: number;
}

const HEARTBEAT_MS = 10_000;
/**
 * A holder on another machine (with a shared home) cannot be checked; it counts as dead after this time without a
 * heartbeat.
 */
const FOREIGN_STALE_MS = 120_000;
const GUARD_STALE_MS = 10_000;

/**
 * Field 22 of /proc/PID/stat; fields are counted from the command's `)`, because a command may contain blanks
 * (proc(5)).
 */
async function startTime(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function parseHolder(text: string): Holder | undefined {
  const [, host = '', pid = '', started = ''] = /^(\S+) (\d{1,10}) (\d*)\n$/.exec(text) ?? [];
  return host === '' ? undefined : { host, pid: Number(pid), started };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

async function isStale(path: string, holder: Holder | undefined): Promise<boolean> {
  if (holder?.host === hostname()) {
    if (!isRunning(holder.pid)) return true;
    return holder.started !== '' && (await startTime(holder.pid)) !== holder.started;
  }
  const info = await stat(path).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs > FOREIGN_STALE_MS;
}

/** Removes a guard whose owner died within the few microseconds for which it is held. */
async function removeOldGuard(guard: string): Promise<void> {
  const info = await stat(guard).catch(() => undefined);
  if (info !== undefined && Date.now() - info.mtimeMs > GUARD_STALE_MS) await rm(guard, { force: true });
}

/**
 * Removes a stale lock. Several processes may find it stale at the same time, and a slower one must not remove the new
 * lock of a faster one: only the owner of a second file, the guard, removes the lock, after checking again.
 */
async function breakStale(path: string, own: string): Promise<void> {
  const guard = `${path}.guard`;
  const now = new Date();
  await utimes(own, now, now); // the guard's age counts from here
  if (!(await tryLink(own, guard))) return removeOldGuard(guard);
  try {
    const text = await readIfThere(path);
    if (text !== undefined && (await isStale(path, parseHolder(text)))) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function tryLink(from: string, path: string): Promise<boolean> {
  try {
    await link(from, path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function held(path: string, text: string): Lock {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  beat.unref();
  return {
    release: async () => {
      clearInterval(beat);
      const current = await readFile(path, 'utf8').catch(() => '');
      if (current === text) await rm(path, { force: true });
    },
  };
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  const aborted = (): GuestFetchError => new GuestFetchError('aborted', 'stopped while waiting for another fetch');
  if (signal?.aborted) throw aborted();
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw signal?.aborted ? aborted() : error;
  }
}

/**
 * Takes the lock file `path`, waiting while a living process has it. The file appears with its contents (as a hard
 * link to a file written before), so it is never seen empty; one left by a dead process is removed.
 *
 * @throws GuestFetchError `aborted` when `signal` is aborted while waiting
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock> {
  const text = `${hostname() || 'localhost'} ${process.pid} ${await startTime(process.pid)}\n`;
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, text, { mode: 0o644 });
  try {
    for (let waited = false; ;) {
      if (await tryLink(own, path)) return held(path, text);
      const other = await readIfThere(path);
      if (other === undefined) continue; // released just now
      const holder = parseHolder(other);
      if (await isStale(path, holder)) {
        await breakStale(path, own);
      } else {
        if (!waited) options.onWait?.(holder?.pid ?? 0);
        waited = true;
      }
      await pause(options.pollInterval ?? 200, options.signal);
    }
  } finally {
    await rm(own, { force: true });
  }
}
