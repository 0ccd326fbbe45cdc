import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { QvmError } from '@qvm/core';
import { corePieces, type DumpSource } from './write-dump.js';

/** Time-out for a command that gets the dump, because the end of the VM waits for it. */
const TIMEOUT_MS = 600_000;
const ZEROS = new Uint8Array(0x1_0000);

/**
 * Passes an ELF core file to a shell command on its standard input.
 *
 * @throws QvmError `host.dump` when the command cannot be run, does not read the whole file, takes too long, or fails.
 */
export async function pipeDump(command: string, source: DumpSource, timeoutMs = TIMEOUT_MS): Promise<void> {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'ignore', 'inherit'] });
  // Programs that the shell has started may live on with the other end of the pipe, so this end is closed as well.
  const late = setTimeout(() => {
    child.kill('SIGKILL');
    child.stdin.destroy();
  }, timeoutMs);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const written = pipeline(Readable.from(streamOf(source)), child.stdin);
  const [end, writing] = await Promise.allSettled([closed, written]);
  clearTimeout(late);
  if (end.status === 'rejected') throw new QvmError('host.dump', `"${command}" cannot be run`, { cause: end.reason });
  if (writing.status === 'rejected')
    throw new QvmError('host.dump', `"${command}" did not read the core dump`, { cause: writing.reason });
  if (end.value[0] !== 0) throw new QvmError('host.dump', `"${command}" failed with exit code ${end.value[0]}`);
}

/** The contents of the file from beginning to end. */
function* streamOf(source: DumpSource): Generator<Uint8Array> {
  const { pieces, fileSize } = corePieces(source);
  let at = 0;
  for (const { offset, bytes } of pieces) {
    yield* zeros(offset - at);
    yield bytes;
    at = offset + bytes.length;
  }
  yield* zeros(fileSize - at);
}

function* zeros(count: number): Generator<Uint8Array> {
  for (let left = count; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
}
