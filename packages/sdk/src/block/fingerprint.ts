import { BLOCK_SECTOR, performSync, type BlockBackend, type BlockProcedure } from '@qvm/core/services';
import { crc32c } from './crc32c.js';

/** Superblocks and partition tables are at the beginning, and change with every use. */
const HEAD_BYTES = 0x1_0000;
const SAMPLES = 64;
const SAMPLE_BYTES = 4096;

/**
 * A number that is another one when a disk's content is another one, almost for certain: a CRC-32C over its beginning and samples from all of it.
 * It reads some 300 KiB. Copies of a disk have the same.
 */
export function baseFingerprint(disk: BlockBackend): number {
  return performSync(sampling(disk));
}

function* sampling(disk: BlockBackend): BlockProcedure<number> {
  const buffer = new Uint8Array(HEAD_BYTES);
  let crc = 0;
  for (const [offset, length] of samples(disk.size)) {
    const sample = buffer.subarray(0, length);
    yield (on) => on(disk).read(offset, [sample]);
    crc = crc32c(sample, crc);
  }
  return crc;
}

/** Offsets and lengths, all inside the disk and on sectors; the last sample ends where the disk does. */
function samples(size: number): readonly (readonly [number, number])[] {
  const length = Math.min(SAMPLE_BYTES, size);
  const sectors = (size - length) / BLOCK_SECTOR;
  const spread = Array.from({ length: SAMPLES }, (_, index): readonly [number, number] => [
    Math.floor((sectors * (index + 1)) / SAMPLES) * BLOCK_SECTOR,
    length,
  ]);
  return [[0, Math.min(HEAD_BYTES, size)], ...spread];
}
