import type { AccessWidth, MmioHandler } from '@qvm/core/vdev';
import type { CapabilitySpec } from '@qvm/pci';
import { BAR, BAR_BYTES, COMMON, DEVICE, ISR, NOTIFY, NOTIFY_STRIDE } from './layout.js';

/** Types of configuration structures (VirtIO 1.2, section 4.1.4). */
const COMMON_CFG = 1;
const NOTIFY_CFG = 2;
const ISR_CFG = 3;
const DEVICE_CFG = 4;
const PCI_CFG = 5;
const CAPABILITY_VENDOR = 9;
/** Bytes of a capability without the fields that some types add. */
const LENGTH = 16;
const HEADER = 2;
/** Offsets in the capability PCI_CFG. */
const WINDOW_BAR = 4;
const WINDOW_OFFSET = 8;
const WINDOW_LENGTH = 12;
const WINDOW_DATA = 16;

/** The capabilities that lead a driver to the structures in the BAR; the last one is a window into the BAR itself. */
export function virtioCapabilities(configBytes: number, bar: MmioHandler): readonly CapabilitySpec[] {
  return [
    capability(COMMON_CFG, COMMON),
    capability(NOTIFY_CFG, NOTIFY, [NOTIFY_STRIDE, 0, 0, 0]),
    capability(ISR_CFG, ISR),
    ...(configBytes === 0 ? [] : [capability(DEVICE_CFG, DEVICE)]),
    windowCapability(bar),
  ];
}

function capability(
  type: number,
  { offset, size }: { readonly offset: number; readonly size: number },
  more: readonly number[] = [],
): CapabilitySpec {
  const bytes = [LENGTH + more.length, type, BAR, 0, 0, 0, ...word(offset), ...word(size), ...more];
  return { id: CAPABILITY_VENDOR, bytes };
}

/** Section 4.1.4.9: software writes BAR, offset and length, then accesses the data. */
function windowCapability(bar: MmioHandler): CapabilitySpec {
  const length = WINDOW_DATA + 4;
  const bytes = new Uint8Array(length - HEADER);
  const writable = new Uint8Array(length - HEADER);
  bytes.set([length, PCI_CFG]);
  writable.fill(0xff, WINDOW_BAR - HEADER, WINDOW_BAR - HEADER + 1);
  writable.fill(0xff, WINDOW_OFFSET - HEADER, WINDOW_DATA - HEADER);
  const handler = (field: (offset: number, width: AccessWidth) => number): MmioHandler => {
    const access = <T>(width: AccessWidth, perform: (offset: number) => T): T | undefined => {
      const [index, offset, bytes] = [field(WINDOW_BAR, 1), field(WINDOW_OFFSET, 4), field(WINDOW_LENGTH, 4)];
      const fits = index === BAR && bytes === width && offset % width === 0 && offset + width <= BAR_BYTES;
      return fits ? perform(offset) : undefined;
    };
    return {
      read: (at, width) => (at === 0 ? access(width, (offset) => bar.read(offset, width)) : undefined) ?? 0,
      write: (at, width, value) => {
        if (at === 0) access(width, (offset) => bar.write(offset, width, value));
      },
    };
  };
  return { id: CAPABILITY_VENDOR, bytes, writable, live: { offset: WINDOW_DATA, size: 4, handler } };
}

const word = (value: number): readonly number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
