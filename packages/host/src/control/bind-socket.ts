import { chmodSync, mkdtempSync, openSync, closeSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { QvmError } from '@qvm/core';
import { ensureSocketFolder } from './socket-path.js';

/** How long a host waits for another one that is starting. */
const LOCK_ATTEMPTS = 50;
const LOCK_PAUSE_MS = 100;
/** A Unix socket's path is part of a structure of 108 bytes, its last one a zero. */
const MAX_PATH_BYTES = 107;

/**
 * Lets a server listen at a path, for this user only. What a killed host left there is replaced; where a host answers, or
 * is about to, it stays. The socket appears at its path complete: no one can connect to it before its rights are set.
 *
 * @throws QvmError `host.running`, `host.socket`
 */
export async function bindSocket(server: Server, path: string): Promise<void> {
  ensureSocketFolder(path);
  const unlock = await lock(`${path}.lock`);
  try {
    if (await answers(path)) throw new QvmError('host.running', `a host is running already, at ${path}`);
    const nursery = mkdtempSync(join(dirname(path), '.q'));
    try {
      const born = join(nursery, 's');
      if (Buffer.byteLength(born) > MAX_PATH_BYTES) {
        throw new QvmError('host.socket', `the path "${path}" is too long for a socket`);
      }
      await listen(server, born);
      chmodSync(born, 0o600);
      renameSync(born, path);
    } finally {
      rmSync(nursery, { recursive: true, force: true });
    }
  } finally {
    unlock();
  }
}

/** Whether someone listens at a socket. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    const settle = (answer: boolean): void => {
      probe.destroy();
      resolve(answer);
    };
    probe.once('connect', () => settle(true));
    probe.once('error', () => settle(false));
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void =>
      reject(new QvmError('host.socket', 'the control socket cannot be made', { cause }));
    server.once('error', failed);
    server.listen(path, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

/** Held while a host starts only, so that a killed host seldom leaves it; then its process is gone, and that shows. */
async function lock(path: string): Promise<() => void> {
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    if (tryLock(path)) return () => rmSync(path, { force: true });
    if (isAbandoned(path)) rmSync(path, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
  }
  throw new QvmError('host.running', `another host is starting; if there is none, remove "${path}"`);
}

function tryLock(path: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, `${process.pid}\n`);
    closeSync(file);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false;
    throw new QvmError('host.socket', `"${path}" cannot be made`, { cause });
  }
}

function isAbandoned(path: string): boolean {
  try {
    const owner = Number(readFileSync(path, 'utf8').trim());
    // An empty file: its owner is about to write.
    if (!Number.isInteger(owner) || owner <= 0) return false;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
