import { open, rm, type FileHandle } from 'node:fs/promises';
import type { ArchitectureName } from '@qvm/config';
import { QvmError } from '@qvm/core';
import { layoutCore, type MemoryRange } from './elf-core.js';

/** One read of guest memory, one write of the file. */
const CHUNK = 0x10_0000;

/** What is dumped. */
export interface DumpSource {
  readonly arch: ArchitectureName;
  readonly ranges: readonly MemoryRange[];
  /** The registers of each vCPU. */
  readonly vcpus: readonly Readonly<Record<string, bigint>>[];
  /** Guest memory; the array is used at once. */
  read(address: number, length: number): Uint8Array;
}

/**
 * Writes an ELF core file. Chunks of nothing but zeros become holes, so that untouched RAM takes no disk space.
 *
 * @returns bytes of guest memory in it, holes included.
 * @throws QvmError `host.dump` when the file exists or cannot be written; then there is no file.
 */
export async function writeDump(path: string, source: DumpSource): Promise<number> {
  const file = await create(path);
  try {
    await writeAll(file, source);
  } catch (cause) {
    await rm(path, { force: true });
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
    throw new QvmError('host.dump', `"${path}" cannot be made`, { cause });
  }
}

async function writeAll(file: FileHandle, { arch, ranges, vcpus, read }: DumpSource): Promise<void> {
  const { head, offsets, fileSize } = layoutCore(arch, vcpus, ranges);
  await file.write(head, 0, head.length, 0);
  for (const [index, { base, size }] of ranges.entries()) {
    const offset = offsets[index] ?? 0;
    for (let at = 0; at < size; at += CHUNK) {
      const bytes = read(base + at, Math.min(CHUNK, size - at));
      if (isZero(bytes)) continue;
      // File systems do not write from shared memory.
      await file.write(Uint8Array.from(bytes), 0, bytes.length, offset + at);
    }
  }
  await file.truncate(fileSize);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
