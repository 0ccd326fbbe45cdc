import { ImageError } from '@qvm/core/architecture';
import type { AddressRange } from '@qvm/core/architecture';
import { textBytes } from './record.js';
import type { SetupHeader } from './setup-header.js';
import type { GuestFacts } from './start-info.js';

// Linux, Documentation/arch/x86/boot.rst, "Memory Layout" and "Sample Boot Configuration".
/** Guest-physical address of the setup code. Its heap, its stack and the command line follow it, in one segment. */
const SETUP_BASE = 0x1_0000;
/** The range of all of it. */
export const SETUP_RANGE: AddressRange = { base: SETUP_BASE, size: 0x1_0000 };
/** Offset of the end of the heap and the stack. */
const HEAP_END = 0xe000;
/** The setup code has at most this size, so that the heap has room (boot.rst: 32 KiB). */
const SETUP_LIMIT = 0x8000;
const Field = {
  loader: 0x210,
  loadFlags: 0x211,
  initrd: 0x218,
  initrdSize: 0x21c,
  heapEnd: 0x224,
  commandLine: 0x228,
} as const;
const OTHER_LOADER = 0xff;
const CAN_USE_HEAP = 0x80;
/** The entry is this many bytes after the beginning, as a segment of its own. */
const ENTRY_PARAGRAPHS = 0x20;

/** The registers of an entry to setup code. */
export const SETUP_ENTRY = {
  /** Of the data and stack segments. */
  segment: SETUP_BASE / 16,
  /** Of CS; IP is 0. */
  code: SETUP_BASE / 16 + ENTRY_PARAGRAPHS,
  /** SP. */
  stack: HEAP_END,
} as const;

/**
 * The setup code of a bzImage for the range {@link SETUP_RANGE}, with the fields that a boot loader fills in, and the
 * command line.
 *
 * @throws `ImageError` `image.too-large` when setup code or command line have no room.
 */
export function setupCode(setup: SetupHeader, { commandLine, initrd }: GuestFacts, name: string): Uint8Array {
  const text = textBytes(commandLine);
  if (setup.code.length > SETUP_LIMIT)
    throw new ImageError('too-large', `The setup code of ${name} has ${setup.code.length} bytes, more than 32 KiB.`);
  if (HEAP_END + text.length > SETUP_RANGE.size)
    throw new ImageError('too-large', `The command line has ${text.length} bytes, too many for an entry in real mode.`);
  const bytes = new Uint8Array(HEAP_END + text.length);
  bytes.set(setup.code);
  bytes.set(text, HEAP_END);
  const view = new DataView(bytes.buffer);
  view.setUint8(Field.loader, OTHER_LOADER);
  view.setUint8(Field.loadFlags, view.getUint8(Field.loadFlags) | CAN_USE_HEAP);
  view.setUint16(Field.heapEnd, HEAP_END - SECTOR, true);
  view.setUint32(Field.commandLine, SETUP_BASE + HEAP_END, true);
  view.setUint32(Field.initrd, initrd?.base ?? 0, true);
  view.setUint32(Field.initrdSize, initrd?.size ?? 0, true);
  return bytes;
}

/** The field for the heap's end counts from the end of the boot sector. */
const SECTOR = 512;
