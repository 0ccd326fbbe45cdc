import { readFileSync, type Stats } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { QvmError } from '@qvm/core';
import { fileKey } from './file-identity.js';

/*
 * Claims on files, visible to all processes of the host, without files that could be left over. Each user listens on
 * an abstract Unix socket whose name encodes the file, the mode and the user. The kernel lists these names in
 * /proc/net/unix and removes them when a process ends in any way. Processes in other network namespaces do not see
 * them.
 */

const PREFIX = 'qvm/block';
const SOCKETS = '/proc/net/unix';
/** An abstract name has at most 107 bytes; the part before the owner needs fewer than 60. */
const MAX_OWNER = 40;
const LOOKS_AGAIN = 10;
const LOOKS_AGAIN_MS = 3;
/** Never notified, so a wait on it always lasts for its time-out. */
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** A claim on a file, valid until it is released. */
export interface FileClaim {
  /** Idempotent. */
  release(): void;
}

interface Claimant {
  readonly writer: boolean;
  readonly process: number;
  readonly owner: string;
}

let claims = 0;

/**
 * Claims a file: for one writer, or for any number of readers.
 *
 * @param path - for the message.
 * @throws QvmError `block.in-use`. Of two simultaneous claims, both may be refused, but never both accepted.
 */
export function claimFile(path: string, info: Stats, writer: boolean, owner: string): FileClaim {
  const file = `${PREFIX}/${fileKey(info)}/`;
  const own = `${process.pid}.${claims++}`;
  const server = listen(`${file}${writer ? 'w' : 'r'}/${own}/${printable(owner)}`);
  const other = lastingClaimant(() => claimantsOf(file, own).find((claimant) => writer || claimant.writer));
  if (other === undefined) return { release: () => void server.close() };
  server.close();
  const way = other.writer ? 'for writing' : 'for reading';
  throw new QvmError('block.in-use', `"${path}" is in use ${way} by ${other.owner} of process ${other.process}.`);
}

/**
 * A claimant that is still there after a short delay. A claim may seem to outlive its release: while any thread of its
 * process starts a program, the new process holds all open sockets for a moment, until it executes that program.
 */
function lastingClaimant(find: () => Claimant | undefined): Claimant | undefined {
  let found = find();
  for (let tries = 0; found !== undefined && tries < LOOKS_AGAIN; tries++) {
    Atomics.wait(PAUSE, 0, 0, LOOKS_AGAIN_MS);
    found = find();
  }
  return found;
}

function listen(name: string): Server {
  const server = createServer((socket) => socket.destroy());
  // Reported later than `listening`, and with the same information.
  server.on('error', () => undefined);
  server.listen(`\0${name}`).unref();
  if (!server.listening)
    throw new QvmError('block.open', 'The system allows no abstract sockets, which claims of files need.');
  return server;
}

function claimantsOf(file: string, own: string): readonly Claimant[] {
  const found: Claimant[] = [];
  for (const line of readFileSync(SOCKETS, 'utf8').split('\n')) {
    const start = line.indexOf(`@${file}`);
    if (start < 0) continue;
    // The kernel shows the name's unused bytes as "@".
    const [kind, id = '', owner = ''] = line
      .slice(start + 1 + file.length)
      .replace(/@+$/, '')
      .split('/');
    if (id !== own) found.push({ writer: kind === 'w', process: Number.parseInt(id, 10), owner });
  }
  return found;
}

function printable(owner: string): string {
  return owner.replaceAll(/[^\w.:-]/g, '_').slice(0, MAX_OWNER);
}
