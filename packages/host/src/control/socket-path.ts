import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { QvmError } from '@qvm/core';

/**
 * Path of the control socket: `QVM_SOCKET`, otherwise `qvm/control.sock` in `XDG_RUNTIME_DIR`, otherwise in a folder
 * of the user in the temporary folder.
 *
 * @experimental
 */
export function controlSocketPath(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const { QVM_SOCKET: given, XDG_RUNTIME_DIR: runtime } = environment;
  if (given !== undefined && given !== '') return resolve(given);
  if (runtime !== undefined && runtime !== '') return join(runtime, 'qvm', 'control.sock');
  return join(tmpdir(), `qvm-${userInfo().uid}`, 'control.sock');
}

/**
 * Makes the folder of a socket if it does not exist, for this user only.
 *
 * @throws QvmError `host.socket` when it cannot be made, or when other users could place sockets in it.
 */
export function ensureSocketFolder(path: string): void {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { mode: 0o700, recursive: true });
  } catch (cause) {
    throw new QvmError('host.socket', `the folder "${folder}" cannot be made`, { cause });
  }
  const info = lstatSync(folder);
  const sticky = (info.mode & 0o1000) !== 0;
  const writableByOthers = (info.mode & 0o022) !== 0 && !sticky;
  const { uid } = userInfo();
  if (!info.isDirectory() || writableByOthers || (info.uid !== uid && info.uid !== 0)) {
    throw new QvmError('host.socket', `the folder "${folder}" belongs to others: they could take the socket's place`);
  }
}
