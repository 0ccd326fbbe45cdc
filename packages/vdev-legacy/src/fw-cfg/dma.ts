import type { GuestMemory } from '@qvm/core/vdev';
import type { FirmwareItem } from './items.js';

/** Bits of a descriptor's control word (QEMU, docs/specs/fw_cfg.rst, "Guest-side DMA Interface"). */
const ERROR = 1 << 0;
const READ = 1 << 1;
const SKIP = 1 << 2;
const SELECT = 1 << 3;
const WRITE = 1 << 4;
const DESCRIPTOR_BYTES = 16;
/** Largest piece, in bytes, of the zeros after an item's end. */
const ZEROS = new Uint8Array(0x1_0000);
const EXACT_LIMIT = 2 ** 21;

/**
 * The item that is selected and the place in it.
 *
 * @internal
 */
export interface FirmwareCursor {
  readonly item: FirmwareItem;
  readonly position: number;
  select(key: number): void;
  /** Moves on, at most to the item's end. */
  advance(bytes: number): void;
}

/**
 * Carries out the transfer that the descriptor at `address` asks for, and writes its outcome there: 0, or the error bit. A
 * descriptor that is not in RAM has no place for an outcome and is ignored.
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

/** One of read, write and skip, in this order of precedence; none of them is fine. */
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

/** Behind the item's end there are zeros. */
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

/** Never beyond the item's end: its size is fixed. */
function write(memory: GuestMemory, target: number, length: number, cursor: FirmwareCursor): boolean {
  const { item, position } = cursor;
  if (item.written === undefined || length > item.bytes.length - position) return false;
  if (!memory.contains(target, length, 'read')) return false;
  item.bytes.set(memory.read(target, length), position);
  cursor.advance(length);
  item.written();
  return true;
}
