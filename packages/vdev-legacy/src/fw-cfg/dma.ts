import type { GuestMemory } from '@qvm/core/vdev';
import type { FirmwareItem } from './items.js';

/** Bits of a descriptor's control word (QEMU, docs/specs/fw_cfg.rst, "Guest-side DMA Interface"). */
const ERROR = 1 << 0;
const READ = 1 << 1;
const SKIP = 1 << 2;
const SELECT = 1 << 3;
const WRITE = 1 << 4;
const DESCRIPTOR_BYTES = 16;
/** Source of zeros after an item's end, which are written in pieces of at most this size. */
const ZEROS = new Uint8Array(0x1_0000);
const EXACT_LIMIT = 2 ** 21;

/**
 * The selected item and the position in it.
 *
 * @internal
 */
export interface FirmwareCursor {
  readonly item: FirmwareItem;
  readonly position: number;
  select(key: number): void;
  /** Advances the position, at most to the item's end. */
  advance(bytes: number): void;
}

/**
 * Performs the transfer described by the descriptor at `address`, and writes its result to the descriptor: 0, or the
 * error bit. A descriptor outside of RAM is ignored, because there is no place for a result.
 *
 * @internal
 */
export function transfer(memory: GuestMemory, address: number, cursor: FirmwareCursor): void {
  if (!memory.contains(address, DESCRIPTOR_BYTES, 'write')) return;
  const bytes = memory.read(address, DESCRIPTOR_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const control = view.getUint32(0);
  const length = view.getUint32(4);
  const [high, low] = [view.getUint32(8), view.getUint32(12)];
  if ((control & SELECT) !== 0) cursor.select(control >>> 16);
  const done = high < EXACT_LIMIT && carryOut(memory, control, high * 2 ** 32 + low, length, cursor);
  const outcome = new Uint8Array(4);
  new DataView(outcome.buffer).setUint32(0, done ? 0 : ERROR);
  memory.write(address, outcome);
}

/** Performs one of read, write and skip, in this order of precedence; a descriptor with none of them is valid. */
function carryOut(
  memory: GuestMemory,
  control: number,
  target: number,
  length: number,
  cursor: FirmwareCursor,
): boolean {
  if ((control & READ) !== 0) return read(memory, target, length, cursor);
  if ((control & WRITE) !== 0) return write(memory, target, length, cursor);
  if ((control & SKIP) !== 0) cursor.advance(length);
  return true;
}

/** Bytes after the item's end read as zero. */
function read(memory: GuestMemory, target: number, length: number, cursor: FirmwareCursor): boolean {
  if (!memory.contains(target, length, 'write')) return false;
  const { item, position } = cursor;
  const content = item.bytes.subarray(position, position + length);
  memory.write(target, content);
  for (let at = content.length; at < length; at += ZEROS.length) {
    memory.write(target + at, ZEROS.subarray(0, Math.min(ZEROS.length, length - at)));
  }
  cursor.advance(length);
  return true;
}

/** Writes never extend beyond the item's end, because its size is fixed. */
function write(memory: GuestMemory, target: number, length: number, cursor: FirmwareCursor): boolean {
  const { item, position } = cursor;
  if (item.written === undefined || length > item.bytes.length - position) return false;
  if (!memory.contains(target, length, 'read')) return false;
  item.bytes.set(memory.read(target, length), position);
  cursor.advance(length);
  item.written();
  return true;
}
