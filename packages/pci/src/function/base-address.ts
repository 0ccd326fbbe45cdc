import { QvmError } from '@qvm/core';
import type { DeviceMemory, MmioHandler } from '@qvm/core/vdev';
import { BASE_ADDRESS, BASE_ADDRESS_REGISTERS } from '../config-space/registers.js';
import type { ConfigSpace } from '../config-space/config-space.js';

/**
 * The kind of addresses that a base address register decodes: memory below 4 GiB, memory at any address, I/O ports.
 *
 * @experimental
 */
export type BarKind = 'memory32' | 'memory64' | 'io';

/** Number, kind and size of a base address register. */
interface BarShape {
  /** Number of the register, 0 to 5; one of kind `memory64` also takes the next register. */
  readonly index: number;
  /** The kind of addresses that it decodes. */
  readonly kind: BarKind;
  /** Bytes, a power of two: at least 4096 of memory, 4 to 256 of I/O ports. */
  readonly size: number;
  /** Reads have no side effects. Default `false`. */
  readonly prefetchable?: boolean;
}

/**
 * A base address register (BAR) of a function and the registers behind it, or memory of the vdev.
 *
 * @experimental
 */
export type BarSpec = BarShape &
  (
    | {
        /** Performs the accesses; offsets are from the start of the range. */
        readonly handler: MmioHandler;
        /** Absent. */
        readonly memory?: never;
      }
    | {
        /** The memory, of the size of the BAR; for BARs of memory. */
        readonly memory: DeviceMemory;
        /** Absent. */
        readonly handler?: never;
      }
  );

/** Bits of a base address register (PCI Local Bus 3.0, section 6.2.5.1). */
const IO_SPACE = 1;
const TYPE_64 = 2 << 1;
const PREFETCHABLE = 1 << 3;
const MEMORY_FLAGS = 0xf;
const IO_FLAGS = 0x3;
const SMALLEST: Readonly<Record<BarKind, number>> = { memory32: 0x1000, memory64: 0x1000, io: 4 };
const LARGEST: Readonly<Record<BarKind, number>> = { memory32: 2 ** 31, memory64: 2 ** 47, io: 0x100 };
const WORD = 2 ** 32;

/** A base address register in a configuration space. */
export class BaseAddress {
  readonly #config: ConfigSpace;
  readonly #offset: number;

  /** @throws `QvmError` `pci.bar` when its description is not one that PCI allows. */
  constructor(
    readonly spec: BarSpec,
    config: ConfigSpace,
  ) {
    checkBar(spec);
    this.#config = config;
    this.#offset = BASE_ADDRESS + 4 * spec.index;
    const mask = lowMask(spec);
    config.define({ offset: this.#offset, width: 4, value: flagsOf(spec), writable: mask });
    if (spec.kind === 'memory64') {
      config.define({ offset: this.#offset + 4, width: 4, writable: (WORD - Math.ceil(spec.size / WORD)) >>> 0 });
    }
  }

  /** The address that software has set, whether it is decoded or not. */
  get address(): number {
    const low = (this.#config.get(this.#offset, 4) & lowMask(this.spec)) >>> 0;
    return this.spec.kind === 'memory64' ? this.#config.get(this.#offset + 4, 4) * WORD + low : low;
  }

  /** Sets the address as the platform does at reset. */
  set address(address: number) {
    this.#config.set(this.#offset, 4, flagsOf(this.spec) + (address % WORD));
    if (this.spec.kind === 'memory64') this.#config.set(this.#offset + 4, 4, Math.floor(address / WORD));
  }
}

/** The registers that a BAR takes. */
export function registersOf({ index, kind }: BarSpec): readonly number[] {
  return kind === 'memory64' ? [index, index + 1] : [index];
}

function checkBar(spec: BarSpec): void {
  const { index, kind, size, memory } = spec;
  if (memory !== undefined && (kind === 'io' || memory.bytes.length !== size)) {
    throw new QvmError(
      'pci.bar',
      `BAR ${index} (${kind}) of ${size} bytes cannot lead to ${memory.bytes.length} bytes of memory.`,
    );
  }
  const known = registersOf(spec).every((at) => Number.isInteger(at) && at >= 0 && at < BASE_ADDRESS_REGISTERS);
  const power = Number.isInteger(size) && size > 0 && Number.isInteger(Math.log2(size));
  if (!known || !power || size < SMALLEST[kind] || size > LARGEST[kind]) {
    throw new QvmError('pci.bar', `BAR ${index} (${kind}) of ${size} bytes is not one that PCI allows.`);
  }
}

function flagsOf({ kind, prefetchable }: BarSpec): number {
  if (kind === 'io') return IO_SPACE;
  return (kind === 'memory64' ? TYPE_64 : 0) | (prefetchable === true ? PREFETCHABLE : 0);
}

/** The writable bits of the low register, which are those of the address. */
function lowMask({ kind, size }: BarSpec): number {
  const flags = kind === 'io' ? IO_FLAGS : MEMORY_FLAGS;
  return size >= WORD ? 0 : (~(size - 1) & ~flags) >>> 0;
}
