import { readFileSync, type Stats } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { QvmError } from '@qvm/core';
import { fileKey } from './file-identity.js';

/*
 * Users of a file, known to all processes of the host, without files that could be left over: each user listens on an abstract Unix
 * socket whose name says which file, how and who. The kernel lists these names in /proc/net/unix, and takes them away
 * when a process ends, however it ends. Processes in other network namespaces do not see them.
 */

const PREFIX = 'qvm/block';
const SOCKETS = '/proc/net/unix';
/** An abstract name has at most 107 bytes; what comes before the owner needs fewer than 60. */
const MAX_OWNER = 40;
const LOOKS_AGAIN = 10;
const LOOKS_AGAIN_MS = 3;
/** Nobody notifies it: what waits, waits out its time. */
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** The use of a file, until it is released. */
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
 * Says that a file is in use: by one writer, or by any number of readers.
 *
 * @param path - for the message.
 * @throws QvmError `block.in-use`. Of two that come at the same time, both may be refused; never both accepted.
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
 * A claim may seem to outlive its release: while any thread of its process starts a program, the new process holds all open
 * sockets for a moment, until it becomes that program. So a claimant counts when it is still there a little later.
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
  // Told later than `listening`, which says the same.
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
