import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { QvmError, type Disposable } from '@qvm/core';
import type { OwnFile } from '@qvm/sdk';
import { takeName } from './exclusive.js';
import { ensureSocketFolder } from './socket-path.js';

/** Number of attempts to get the lock while another host starts. */
const LOCK_ATTEMPTS = 50;
const LOCK_PAUSE_MS = 100;
/** A Unix socket's path is a field of 108 bytes, including the terminating zero. */
const MAX_PATH_BYTES = 107;

/**
 * Makes a server listen at a path, for this user only. A socket that nothing listens at any more, such as that of a
 * killed host, is replaced. Anything else is left alone: a socket in use, a file, a link, a folder. The socket appears
 * at its path complete: no client can connect to it before its permissions are set.
 *
 * @returns the socket's file, for its removal.
 * @throws QvmError `host.running`, `host.socket`; the server does not listen in that case.
 */
export async function bindSocket(server: Server, path: string): Promise<OwnFile> {
  requireShort(path, path);
  ensureSocketFolder(path);
  const lock = await lockOf(path);
  try {
    const nursery = mkdtempSync(join(dirname(path), '.q'));
    try {
      await makeRoom(path, nursery);
      return await place(server, path, join(nursery, 's'));
    } finally {
      rmSync(nursery, { recursive: true, force: true });
    }
  } catch (error) {
    if (server.listening) server.close();
    throw error;
  } finally {
    lock.dispose();
  }
}

/** Creates the socket elsewhere and names it when it is complete: by a link, which replaces nothing. */
async function place(server: Server, path: string, born: string): Promise<OwnFile> {
  requireShort(born, path);
  await listen(server, born);
  chmodSync(born, 0o600);
  try {
    linkSync(born, path);
  } catch (cause) {
    throw socketError(`"${path}" cannot be made`, cause);
  }
  return statSync(path);
}

function requireShort(used: string, path: string): void {
  if (Buffer.byteLength(used) > MAX_PATH_BYTES) throw socketError(`the path "${path}" is too long for a socket`);
}

/** Removes a socket that nothing listens at. */
async function makeRoom(path: string, nursery: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw socketError(`"${path}" is ${nameOf(found)}, and no socket of a host; it is left as it is`);
  const answer = await probe(path);
  if (answer === 'listening') throw new QvmError('host.running', `a host is running already, at ${path}`);
  if (answer !== 'dead' || isBound(path)) {
    throw socketError(`"${path}" is a socket that another program uses; it is left as it is`);
  }
  // Another socket may have been created under the name meanwhile, so it is probed again after it has been moved to
  // where no other process can reach it.
  const removed = join(nursery, 'dead');
  renameSync(path, removed);
  const { dev, ino } = lstatSync(removed);
  if (dev === found.dev && ino === found.ino) return;
  linkSync(removed, path);
  throw new QvmError('host.running', `another host is starting at ${path}`);
}

function nameOf(info: Stats): string {
  if (info.isDirectory()) return 'a folder';
  if (info.isSymbolicLink()) return 'a symbolic link';
  return info.isFile() ? 'a file' : 'a device or pipe';
}

/**
 * Whether a server listens at a socket.
 *
 * @experimental
 */
export async function answers(path: string): Promise<boolean> {
  return (await probe(path)) === 'listening';
}

type SocketState = 'listening' | 'dead' | 'other';

/** Tries to connect: if the connection is refused, nothing listens. A socket of another type reports its type. */
function probe(path: string): Promise<SocketState> {
  return new Promise((resolve) => {
    const attempt = connect(path);
    const settle = (state: SocketState): void => {
      attempt.destroy();
      resolve(state);
    };
    attempt.once('connect', () => settle('listening'));
    attempt.once('error', (error: NodeJS.ErrnoException) => {
      // Its queue of pending connections is full, so the server is alive.
      settle(error.code === 'ECONNREFUSED' ? 'dead' : error.code === 'EAGAIN' ? 'listening' : 'other');
    });
  });
}

/** Whether the kernel has a socket of this name in this network namespace: one may be bound and not listen yet. */
function isBound(path: string): boolean {
  try {
    const names = readFileSync('/proc/net/unix', 'utf8').split('\n');
    return names.some((line) => line.endsWith(` ${path}`));
  } catch {
    return false;
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void => reject(socketError('the control socket cannot be made', cause));
    server.once('error', failed);
    server.listen(path, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

/** A lock that is held only while a host starts. */
async function lockOf(path: string): Promise<Disposable> {
  const { dev, ino } = statSync(dirname(path));
  const name = createHash('sha256')
    .update(`${dev}-${ino}/${path.slice(path.lastIndexOf('/') + 1)}`)
    .digest('hex');
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    const lock = await takeName(`qvm/control/${name.slice(0, 32)}`);
    if (lock !== undefined) return lock;
    await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
  }
  throw new QvmError('host.running', `another host is starting at ${path}`);
}

function socketError(message: string, cause?: unknown): QvmError {
  return new QvmError('host.socket', message, cause === undefined ? {} : { cause });
}
