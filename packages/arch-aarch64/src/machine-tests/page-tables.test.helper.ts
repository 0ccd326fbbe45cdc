import type { MachineHarness } from './machine-harness.test.helper.js';
import { CODE, TABLES } from './machine-harness.test.helper.js';

/** Descriptor bits (Arm ARM D8.3). */
export const Attr = {
  /** Normal memory: attribute 0 of {@link MAIR}. */
  normal: 0n << 2n,
  device: 1n << 2n,
  nonCacheable: 2n << 2n,
  user: 1n << 6n,
  readOnly: 1n << 7n,
  inner: 3n << 8n,
  accessed: 1n << 10n,
  nonGlobal: 1n << 11n,
  pxn: 1n << 53n,
  uxn: 1n << 54n,
  pxnTable: 1n << 59n,
  uxnTable: 1n << 60n,
  noUserTable: 1n << 61n,
  readOnlyTable: 1n << 62n,
} as const;

/** Read and write at EL1 only, executable. */
export const KERNEL = Attr.normal | Attr.inner | Attr.accessed;
/** Code for EL0 and EL1. */
export const SHARED_CODE = KERNEL | Attr.user | Attr.readOnly;
/** Data for EL0 and EL1. */
export const SHARED_DATA = KERNEL | Attr.user;

/** Attribute 0: Normal write-back; 1: Device-nGnRnE; 2: Normal non-cacheable. */
export const MAIR = 0x44_00ffn;

export type Granule = 12 | 14 | 16;

/** Values of the translation control registers. */
export interface MmuControl {
  readonly ttbr0: bigint;
  readonly ttbr1?: bigint;
  readonly tcr: bigint;
  /** SCTLR_EL1; by default the MMU on, without alignment checks; EL0 may use WFI, WFE, cache maintenance, CTR_EL0. */
  readonly sctlr?: bigint;
}

export const SCTLR_MMU = 0x3495_d81dn;
export const SCTLR_OFF = SCTLR_MMU & ~1n;

/** Turns the MMU on. Uses X0. */
export function mmuOn({ ttbr0, ttbr1 = 0n, tcr, sctlr = SCTLR_MMU }: MmuControl): string {
  const set = (name: string, value: bigint): string => `ldr x0, =${value}\n msr ${name}, x0\n`;
  return `${set('mair_el1', MAIR)}${set('ttbr0_el1', ttbr0)}${set('ttbr1_el1', ttbr1)}${set('tcr_el1', tcr)}isb\n${set('sctlr_el1', sctlr)}isb\n`;
}

/** A value of TCR_EL1 by its most used fields. By default 48 bits of output, inner-shareable write-back tables. */
export function tcr({
  t0sz = 16,
  t1sz = 16,
  granule0 = 12,
  granule1 = 12,
  epd0 = false,
  epd1 = false,
  ips = 5,
  a1 = false,
  as = true,
  tbi0 = false,
  tbi1 = false,
}: {
  t0sz?: number;
  t1sz?: number;
  granule0?: Granule;
  granule1?: Granule;
  epd0?: boolean;
  epd1?: boolean;
  ips?: number;
  a1?: boolean;
  as?: boolean;
  tbi0?: boolean;
  tbi1?: boolean;
} = {}): bigint {
  const tg0 = { 12: 0, 14: 2, 16: 1 }[granule0];
  const tg1 = { 12: 2, 14: 1, 16: 3 }[granule1];
  const bit = (on: boolean, at: bigint): bigint => (on ? 1n << at : 0n);
  return (
    BigInt(t0sz) |
    (BigInt(t1sz) << 16n) |
    (BigInt(tg0) << 14n) |
    (BigInt(tg1) << 30n) |
    (BigInt(ips) << 32n) |
    0x3500_3500n |
    bit(epd0, 7n) |
    bit(epd1, 23n) |
    bit(a1, 22n) |
    bit(as, 36n) |
    bit(tbi0, 37n) |
    bit(tbi1, 38n)
  );
}

/** Builds translation tables in guest memory. */
export class PageTables {
  readonly root: number;
  #next: number;
  readonly #levelBits: number;
  readonly #first: number;

  constructor(
    private readonly machine: MachineHarness,
    private readonly granule: Granule = 12,
    private readonly inputBits = 48,
    at = TABLES,
  ) {
    this.#next = at;
    this.#levelBits = granule - 3;
    this.#first = 4 - Math.ceil((inputBits - granule) / this.#levelBits);
    this.root = this.#allocate();
  }

  /** The level of the first table. */
  get firstLevel(): number {
    return this.#first;
  }

  /** Bytes that an entry of a level maps. */
  span(level: number): number {
    return 2 ** this.#shift(level);
  }

  /** Maps by one block or page descriptor. */
  map(va: bigint, pa: number, level: number, attributes: bigint, tableAttributes = 0n): void {
    this.machine.write64(this.entry(va, level, tableAttributes), BigInt(pa) | attributes | (level === 3 ? 3n : 1n));
  }

  /** Address of the descriptor for an address at a level; makes the tables above it. */
  entry(va: bigint, level: number, tableAttributes = 0n): number {
    let table = this.root;
    for (let at = this.#first; at < level; at++) {
      const slot = table + this.#index(va, at) * 8;
      const old = this.machine.read64(slot);
      if ((old & 3n) !== 3n) {
        table = this.#allocate();
        this.machine.write64(slot, BigInt(table) | 3n | tableAttributes);
      } else table = Number(old & 0xffff_ffff_f000n);
    }
    return table + this.#index(va, level) * 8;
  }

  #shift(level: number): number {
    return this.granule + (3 - level) * this.#levelBits;
  }

  #index(va: bigint, level: number): number {
    const inRange = BigInt.asUintN(this.inputBits, va);
    return Number(BigInt.asUintN(this.#levelBits, inRange >> BigInt(this.#shift(level))));
  }

  #allocate(): number {
    const table = this.#next;
    this.#next += 2 ** this.granule;
    return table;
  }
}

/** Maps the program at its physical address. */
export function mapCode(tables: PageTables, granule: Granule = 12, attributes = KERNEL): void {
  if (granule !== 16) tables.map(BigInt(CODE), CODE, 2, attributes);
  else
    for (let page = 0; page < 4; page++)
      tables.map(BigInt(CODE + page * 0x1_0000), CODE + page * 0x1_0000, 3, attributes);
}
