import { BLOCK_SECTOR, performSync, type BlockBackend, type BlockProcedure } from '@qvm/core/services';
import { crc32c } from './crc32c.js';

/** Size of the beginning, which has superblocks and partition tables and so changes with every use. */
const HEAD_BYTES = 0x1_0000;
const SAMPLES = 64;
const SAMPLE_BYTES = 4096;

/**
 * A number that almost certainly differs for disks with different contents: a CRC-32C over the beginning and over
 * samples from the whole disk. It reads some 300 KiB. Copies of a disk have the same fingerprint.
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

/**
 * Offsets and lengths of the samples, inside the disk and aligned to sectors; the last sample ends at the end of the
 * disk.
 */
function samples(size: number): readonly (readonly [number, number])[] {
  const length = Math.min(SAMPLE_BYTES, size);
  const sectors = (size - length) / BLOCK_SECTOR;
  const spread = Array.from({ length: SAMPLES }, (_, index): readonly [number, number] => [
    Math.floor((sectors * (index + 1)) / SAMPLES) * BLOCK_SECTOR,
    length,
  ]);
  return [[0, Math.min(HEAD_BYTES, size)], ...spread];
}
