import type { VirtualMapping } from '@qvm/core/hooks';
import { open, type FileHandle } from 'node:fs/promises';
import type { ArchitectureName } from '@qvm/config';
import { QvmError } from '@qvm/core';
import { removeOwnFile } from '@qvm/sdk';
import { layoutCore, type MemoryRange } from './elf-core.js';

/** One read of guest memory, one write of the file. */
const CHUNK = 0x10_0000;

/** What is dumped. */
export interface DumpSource {
  readonly arch: ArchitectureName;
  readonly ranges: readonly MemoryRange[];
  /** The registers of each vCPU. */
  readonly vcpus: readonly Readonly<Record<string, bigint>>[];
  /** What the guest's tables map, so that debuggers can read by virtual address; absent: nothing. */
  readonly mappings?: readonly VirtualMapping[];
  /** Guest memory; the array is used at once. */
  read(address: number, length: number): Uint8Array;
}

/** A piece of a core file, in ascending order; what lies between two pieces is zero. */
export interface DumpPiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The pieces of a core file that are not zero, and its size. */
export function corePieces(source: DumpSource): { readonly pieces: Iterable<DumpPiece>; readonly fileSize: number } {
  const { head, offsets, fileSize } = layoutCore(source.arch, source.vcpus, source.ranges, source.mappings);
  return { pieces: piecesOf(head, offsets, source), fileSize };
}

function* piecesOf(head: Uint8Array, offsets: readonly number[], { ranges, read }: DumpSource): Generator<DumpPiece> {
  yield { offset: 0, bytes: head };
  for (const [index, { base, size }] of ranges.entries()) {
    for (let at = 0; at < size; at += CHUNK) {
      const bytes = read(base + at, Math.min(CHUNK, size - at));
      // Neither files nor pipes take shared memory.
      if (!isZero(bytes)) yield { offset: (offsets[index] ?? 0) + at, bytes: Uint8Array.from(bytes) };
    }
  }
}

/**
 * Writes an ELF core file. Chunks of nothing but zeros become holes, so that untouched RAM takes no disk space.
 *
 * @returns bytes of guest memory in it, holes included.
 * @throws QvmError `host.dump-exists` when there is such a file, `host.dump` when it cannot be written; then there is no file.
 */
export async function writeDump(path: string, source: DumpSource): Promise<number> {
  const file = await create(path);
  const own = await file.stat();
  try {
    const { pieces, fileSize } = corePieces(source);
    for (const { offset, bytes } of pieces) await file.write(bytes, 0, bytes.length, offset);
    await file.truncate(fileSize);
  } catch (cause) {
    removeOwnFile(path, own);
    throw new QvmError('host.dump', `"${path}" cannot be written`, { cause });
  } finally {
    await file.close();
  }
  return source.ranges.reduce((sum, { size }) => sum + size, 0);
}

async function create(path: string): Promise<FileHandle> {
  try {
    // A dump holds the guest's secrets: for its owner only.
    return await open(path, 'wx', 0o600);
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new QvmError(exists ? 'host.dump-exists' : 'host.dump', `"${path}" cannot be made`, { cause });
  }
}

const ZEROES = Buffer.alloc(CHUNK);

/** A comparison in native code: most of a guest's memory is looked at here. */
function isZero({ buffer, byteOffset, length }: Uint8Array): boolean {
  return Buffer.from(buffer, byteOffset, length).equals(ZEROES.subarray(0, length));
}
