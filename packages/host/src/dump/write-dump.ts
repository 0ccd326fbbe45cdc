import type { VirtualMapping } from '@qvm/core/hooks';
import { open, type FileHandle } from 'node:fs/promises';
import type { ArchitectureName } from '@qvm/config';
import { QvmError } from '@qvm/core';
import { removeOwnFile } from '@qvm/sdk';
import { layoutCore, type MemoryRange } from './elf-core.js';

/** Size of a read of guest memory and of a write to the file. */
const CHUNK = 0x10_0000;

/** The contents of a dump. */
export interface DumpSource {
  readonly arch: ArchitectureName;
  readonly ranges: readonly MemoryRange[];
  /** The registers of each vCPU. */
  readonly vcpus: readonly Readonly<Record<string, bigint>>[];
  /** Mappings of the guest's tables, for debuggers that read by virtual address; absent: none. */
  readonly mappings?: readonly VirtualMapping[];
  /** Reads guest memory; the array is used before the next call. */
  read(address: number, length: number): Uint8Array;
}

/** A piece of a core file, in ascending order; the bytes between two pieces are zero. */
export interface DumpPiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The pieces of a core file that are not zero, and the file's size. */
export function corePieces(source: DumpSource): { readonly pieces: Iterable<DumpPiece>; readonly fileSize: number } {
  const { head, offsets, fileSize } = layoutCore(source.arch, source.vcpus, source.ranges, source.mappings);
  return { pieces: piecesOf(head, offsets, source), fileSize };
}

function* piecesOf(head: Uint8Array, offsets: readonly number[], { ranges, read }: DumpSource): Generator<DumpPiece> {
  yield { offset: 0, bytes: head };
  for (const [index, { base, size }] of ranges.entries()) {
    for (let at = 0; at < size; at += CHUNK) {
      const bytes = read(base + at, Math.min(CHUNK, size - at));
      // Copied, because neither files nor pipes accept shared memory.
      if (!isZero(bytes)) yield { offset: (offsets[index] ?? 0) + at, bytes: Uint8Array.from(bytes) };
    }
  }
}

/**
 * Writes an ELF core file. Chunks of zeros become holes, so that untouched RAM takes no disk space.
 *
 * @returns size of the guest memory in it in bytes, holes included.
 * @throws QvmError `host.dump-exists` when the file exists, `host.dump` when it cannot be written; there is no file in
 * that case.
 */
export async function writeDump(path: string, source: DumpSource): Promise<number> {
  const file = await create(path);
  const own = await file.stat();
  try {
    const { pieces, fileSize } = corePieces(source);
    for (const { offset, bytes } of pieces) await writeAll(file, bytes, offset);
    await file.truncate(fileSize);
  } catch (cause) {
    removeOwnFile(path, own);
    throw new QvmError('host.dump', `"${path}" cannot be written`, { cause });
  } finally {
    await file.close();
  }
  return source.ranges.reduce((sum, { size }) => sum + size, 0);
}

/**
 * Writes all bytes of a piece. A call of the system may write less than it is given, for example the part for which a
 * disk still has space; only the next call reports the error.
 */
export async function writeAll(file: Pick<FileHandle, 'write'>, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

async function create(path: string): Promise<FileHandle> {
  try {
    // A dump contains secrets of the guest, so only its owner may read it.
    return await open(path, 'wx', 0o600);
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new QvmError(exists ? 'host.dump-exists' : 'host.dump', `"${path}" cannot be made`, { cause });
  }
}

const ZEROES = Buffer.alloc(CHUNK);

/** Compares in native code, because most of a guest's memory is checked by this function. */
function isZero({ buffer, byteOffset, length }: Uint8Array): boolean {
  return Buffer.from(buffer, byteOffset, length).equals(ZEROES.subarray(0, length));
}
