import type { AcpiResource } from '@qvm/core/vdev';
import { join, little } from './bytes.js';
import type { Bytes } from './bytes.js';
import { invalid } from './invalid.js';

// ACPI 6.5, sections 6.4.2 (small) and 6.4.3 (large).
const Small = { irq: 0x23, io: 0x47, end: 0x79 } as const;
const Large = { memory32: 0x86, dword: 0x87, word: 0x88, interrupt: 0x89, qword: 0x8a } as const;
const AddressSpace = { memory: 0, io: 1, bus: 2 } as const;
const ISA_INTERRUPTS = 16;
const DECODES_16_BITS = 1;
const WRITABLE = 1;
const CONSUMER = 1;
/** Both ends of the range are fixed. */
const FIXED = 0x0c;
const ENTIRE_IO = 3;
const PREFETCHABLE = 3 << 1;

/**
 * A resource template: the bytes of a buffer for `_CRS`.
 *
 * @throws `QvmError` `acpi.invalid`.
 */
export function resourceTemplate(resources: readonly AcpiResource[]): Bytes {
  // A checksum of zero counts as right (section 6.4.2.9).
  return [...join(resources.map(descriptor)), Small.end, 0];
}

function descriptor(resource: AcpiResource): Bytes {
  switch (resource.kind) {
    case 'io':
      return ports(resource.base, resource.size);
    case 'memory':
      return memory(resource.base, resource.size);
    case 'interrupt':
      return interrupt(resource);
    case 'bus-window':
      return window(AddressSpace.bus, resource.first, resource.last - resource.first + 1, FIXED, 0);
    case 'io-window':
      return window(AddressSpace.io, resource.base, resource.size, FIXED, ENTIRE_IO);
    case 'memory-window': {
      const kind = resource.prefetchable === true ? PREFETCHABLE : 0;
      return window(AddressSpace.memory, resource.base, resource.size, FIXED, WRITABLE | kind);
    }
  }
}

function ports(base: number, size: number): Bytes {
  check('I/O ports', base, size, 2 ** 16);
  if (size > 0xff) throw invalid(`A device has ${size} I/O ports; one descriptor holds up to 255.`);
  return [Small.io, DECODES_16_BITS, ...little(base, 2), ...little(base, 2), 1, size];
}

function memory(base: number, size: number): Bytes {
  check('memory', base, size, 2 ** 53);
  if (base + size > 2 ** 32) return window(AddressSpace.memory, base, size, FIXED | CONSUMER, WRITABLE);
  return [Large.memory32, ...little(9, 2), WRITABLE, ...little(base, 4), ...little(size, 4)];
}

function interrupt(resource: Extract<AcpiResource, { kind: 'interrupt' }>): Bytes {
  const { number, trigger, polarity = 'high', shared = false } = resource;
  check('interrupts', number, 1, 2 ** 32);
  const edge = Number(trigger === 'edge');
  const low = Number(polarity === 'low');
  // Of ISA interrupts there is a shorter form, which operating systems without an I/O APIC understand as well.
  if (number < ISA_INTERRUPTS) return [Small.irq, ...little(1 << number, 2), edge | (low << 3) | (Number(shared) << 4)];
  const flags = CONSUMER | (edge << 1) | (low << 2) | (Number(shared) << 3);
  return [Large.interrupt, ...little(6, 2), flags, 1, ...little(number, 4)];
}

/** An address space descriptor of the smallest width that holds the range. */
function window(type: number, base: number, size: number, flags: number, typeFlags: number): Bytes {
  check('addresses of a window', base, size, type === AddressSpace.memory ? 2 ** 53 : 2 ** 16);
  const [tag, width] = widthOf(type, Math.max(base + size - 1, size));
  const numbers = [0, base, base + size - 1, 0, size].flatMap((value) => little(value, width));
  const body = [type, flags, typeFlags, ...numbers];
  return [tag, ...little(body.length, 2), ...body];
}

/** Descriptors of words are for ports and buses only. */
function widthOf(type: number, largest: number): readonly [tag: number, width: number] {
  if (type !== AddressSpace.memory && largest < 2 ** 16) return [Large.word, 2];
  return largest < 2 ** 32 ? [Large.dword, 4] : [Large.qword, 8];
}

function check(what: string, base: number, size: number, limit: number): void {
  const valid =
    Number.isSafeInteger(base) && Number.isSafeInteger(size) && base >= 0 && size > 0 && base + size <= limit;
  if (!valid) throw invalid(`A device has no valid range of ${what}: first ${base}, ${size} of them.`);
}
