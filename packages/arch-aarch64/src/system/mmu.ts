import type { VirtualMapping } from '@qvm/core/hooks';
import type { PhysicalMap, VmMemory } from '@qvm/core/architecture';
import type { Access, AddressTranslation } from '@qvm/engine';
import { Sys } from '../vcpu/aarch64-state.js';
import type { Aarch64State } from '../vcpu/aarch64-state.js';
import { AddressHalves, DISABLED_HALF } from './address-half.js';
import type { AddressHalf } from './address-half.js';
import { blockAllowed, MappedRanges } from './mapped-ranges.js';
import { FaultStatus } from './syndrome.js';
import type { WalkParameters } from './walk-parameters.js';

/** SCTLR_EL1 bits (Arm ARM D19.2.118). @experimental */
export enum Sctlr {
  M = 1 << 0,
  A = 1 << 1,
  SA = 1 << 3,
  SA0 = 1 << 4,
  UMA = 1 << 9,
  DZE = 1 << 14,
  UCT = 1 << 15,
  nTWI = 1 << 16,
  nTWE = 1 << 18,
  WXN = 1 << 19,
  UCI = 1 << 26,
}

/** Width of the output addresses that the CPU model reports (ID_AA64MMFR0_EL1.PARange). @experimental */
export const PHYSICAL_ADDRESS_BITS = 44;

const GRANULE_0 = [12, 16, 14, 12] as const;
const GRANULE_1 = [12, 14, 12, 16] as const;
/** Output address sizes by TCR_EL1.IPS. */
const OUTPUT_BITS = [32, 36, 40, 42, 44, 48, 48, 48] as const;
const OUTER_SHAREABLE = 2;
/** Normal memory, inner and outer non-cacheable. */
const NON_CACHEABLE = 0x44;
const TWO_32 = 2 ** 32;

/** Hierarchical permissions of table descriptors (bits 63–59, D8.4.3), in the high word. */
const TABLE_NO_USER = 1 << 29;
const TABLE_NO_WRITE = 1 << 30;
const TABLE_NO_EXECUTE = 1 << 28;
const TABLE_NO_PRIVILEGED_EXECUTE = 1 << 27;

/**
 * Stage-1 translation of EL1&0 (Arm ARM D8). `translate` leaves its result in fields, so that a walk does not
 * allocate. `refresh` must be called after every change of SCTLR_EL1, TCR_EL1 or TTBRn_EL1.
 *
 * @experimental
 */
export class Mmu implements AddressTranslation {
  /** Guest-physical address of the last translation. */
  physical = 0;
  /** log2 of the size of the block or page that maps it. */
  blockBits = 12;
  /** Whether it belongs to one address space only: the descriptor says so (nG), or it is in the lower half. */
  local = false;
  readable = false;
  writable = false;
  executable = false;
  /** Device memory: unaligned accesses fault. */
  device = false;
  /** The memory's attributes in the format of MAIR_EL1, and its shareability; PAR_EL1 reports both. */
  attribute = 0;
  shareability = 0;
  /** Fault status with its level, valid when `translate` returned false. */
  fault = 0;

  enabled = false;
  /** The ASID in use: TCR_EL1.A1 says which table register holds it. */
  asid = 0;

  readonly #u32: Uint32Array;
  readonly #halves = new AddressHalves();
  #lower = DISABLED_HALF;
  #upper = DISABLED_HALF;
  #outputLimit = TWO_32;
  #writeImpliesNoExecute = false;

  constructor(
    memory: VmMemory,
    private readonly map: PhysicalMap,
    private readonly cpu: Aarch64State,
    /** Where the tables are published to generated code. Absent: nowhere. */
    private readonly parameters?: WalkParameters,
  ) {
    this.#u32 = memory.u32;
  }

  get privileged(): boolean {
    return this.cpu.el !== 0;
  }

  /** Reads the control registers. */
  refresh(): void {
    const { cpu } = this;
    const sctlr = cpu.u32(Sys.SCTLR_EL1);
    const tcrLo = cpu.u32(Sys.TCR_EL1);
    const tcrHi = cpu.u32(Sys.TCR_EL1 + 4);
    this.enabled = (sctlr & Sctlr.M) !== 0;
    this.#writeImpliesNoExecute = (sctlr & Sctlr.WXN) !== 0;
    this.#outputLimit = 2 ** Math.min(OUTPUT_BITS[tcrHi & 7] as number, PHYSICAL_ADDRESS_BITS);
    const asid = cpu.u32(((tcrLo >>> 22) & 1 ? Sys.TTBR1_EL1 : Sys.TTBR0_EL1) + 4) >>> 16;
    this.asid = (tcrHi >>> 4) & 1 ? asid : asid & 0xff;
    this.#lower = this.#halves.describe(cpu.u32(Sys.TTBR0_EL1), cpu.u32(Sys.TTBR0_EL1 + 4), {
      size: tcrLo & 0x3f,
      granuleBits: GRANULE_0[(tcrLo >>> 14) & 3] as number,
      disabled: (tcrLo >>> 7) & 1,
      ignoreTopByte: (tcrHi >>> 5) & 1,
    });
    this.#upper = this.#halves.describe(cpu.u32(Sys.TTBR1_EL1), cpu.u32(Sys.TTBR1_EL1 + 4), {
      size: (tcrLo >>> 16) & 0x3f,
      granuleBits: GRANULE_1[(tcrLo >>> 30) & 3] as number,
      disabled: (tcrLo >>> 23) & 1,
      ignoreTopByte: (tcrHi >>> 6) & 1,
    });
    if (this.parameters !== undefined) this.#publish(this.parameters);
  }

  #publish(parameters: WalkParameters): void {
    const simple = this.enabled && !this.#writeImpliesNoExecute && parameters.end <= this.#outputLimit;
    if (simple) parameters.publish(this.#lower, this.#upper);
    else parameters.disable();
  }

  /**
   * Translates a virtual address (low and high word).
   *
   * @returns whether the access is allowed; otherwise `fault` has the reason.
   */
  translate(lo: number, hi: number, access: Access, privileged: boolean): boolean {
    if (!this.enabled) return this.#flat(lo, hi);
    const upper = (hi >>> 23) & 1;
    const half = upper ? this.#upper : this.#lower;
    const sign = -upper;
    if (half.disabled || ((hi ^ sign) & half.checkedHi) !== 0 || ((lo ^ sign) & half.checkedLo) !== 0) {
      return this.#fail(FaultStatus.Translation, 0);
    }
    if (!this.#walk(lo, hi, half, privileged)) return false;
    return access === 'read' ? this.readable : access === 'write' ? this.writable : this.executable;
  }

  /** All mappings of the tables, whatever their permissions; empty when translation is off. */
  mappings(limit: number): readonly VirtualMapping[] {
    const memory = { words: this.#u32, find: (address: number) => this.#memoryAt(address) };
    const found = new MappedRanges(memory, this.#outputLimit, limit);
    if (this.enabled && !this.#lower.disabled) found.addHalf(this.#lower, false);
    if (this.enabled && !this.#upper.disabled) found.addHalf(this.#upper, true);
    return found.ranges;
  }

  #memoryAt(address: number): { readonly index: number; readonly bytes: number } | undefined {
    const region = this.map.find(address);
    if (!region || (region.kind !== 'ram' && region.kind !== 'rom')) return undefined;
    const within = address - region.base;
    return { index: (region.offset + within) / 4, bytes: region.size - within };
  }

  /** The effective target of a branch: an ignored top byte is replaced by copies of bit 55 (AArch64.BranchAddr). */
  branchTarget(target: bigint): bigint {
    const upper = Number(target >> 55n) & 1;
    const ignored = (this.cpu.u32(Sys.TCR_EL1 + 4) >>> (5 + upper)) & 1;
    return ignored ? BigInt.asUintN(64, BigInt.asIntN(56, target)) : target;
  }

  #flat(lo: number, hi: number): boolean {
    this.physical = hi * TWO_32 + lo;
    this.blockBits = 12;
    this.local = true;
    this.readable = this.writable = this.executable = true;
    this.device = true;
    this.attribute = 0;
    this.shareability = OUTER_SHAREABLE;
    return this.physical < 2 ** PHYSICAL_ADDRESS_BITS || this.#fail(FaultStatus.AddressSize, 0);
  }

  #walk(lo: number, hi: number, half: AddressHalf, privileged: boolean): boolean {
    const { granuleBits } = half;
    const levelBits = granuleBits - 3;
    const limit = this.#outputLimit;
    let level = half.firstLevel;
    let shift = half.firstShift;
    let indexMask = half.firstIndexMask;
    let base = half.table;
    let tableBits = 0;
    if (base >= limit) return this.#fail(FaultStatus.AddressSize, 0);
    for (; ; level++) {
      const index = (shift >= 32 ? hi >>> (shift - 32) : (lo >>> shift) | (hi << (32 - shift))) & indexMask;
      const at = this.#descriptor(base + index * 8);
      if (at < 0) return this.#fail(FaultStatus.ExternalAbortOnWalk, level);
      const descriptorLo = this.#u32[at] as number;
      const descriptorHi = this.#u32[at + 1] as number;
      if ((descriptorLo & 1) === 0) return this.#fail(FaultStatus.Translation, level);
      const isTable = (descriptorLo & 2) !== 0;
      if (level === 3 ? !isTable : !isTable && !blockAllowed(granuleBits, level))
        return this.#fail(FaultStatus.Translation, level);
      base = (descriptorHi & 0xffff) * TWO_32;
      if (level < 3 && isTable) {
        tableBits |= descriptorHi;
        base += (descriptorLo & -(1 << granuleBits)) >>> 0;
        if (base >= limit) return this.#fail(FaultStatus.AddressSize, level);
        shift -= levelBits;
        indexMask = (1 << levelBits) - 1;
        continue;
      }
      return this.#leaf(level, shift, base, lo, hi, descriptorLo, descriptorHi, tableBits, privileged);
    }
  }

  #leaf(
    level: number,
    shift: number,
    high: number,
    lo: number,
    hi: number,
    descriptorLo: number,
    descriptorHi: number,
    tableBits: number,
    privileged: boolean,
  ): boolean {
    // Bits below the block's size come from the input address, the others from the descriptor; a block may be larger
    // than 4 GiB.
    const lowMask = shift >= 32 ? -1 : (1 << shift) - 1;
    const highMask = shift > 32 ? 2 ** (shift - 32) - 1 : 0;
    const physical =
      high -
      (descriptorHi & highMask) * TWO_32 +
      (hi & highMask) * TWO_32 +
      (((descriptorLo & ~lowMask) | (lo & lowMask)) >>> 0);
    if (physical >= this.#outputLimit) return this.#fail(FaultStatus.AddressSize, level);
    if ((descriptorLo & 0x400) === 0) return this.#fail(FaultStatus.AccessFlag, level);
    this.physical = physical;
    this.blockBits = shift;
    this.fault = FaultStatus.Permission | level;
    this.local = (descriptorLo & 0x800) !== 0 || ((hi >>> 23) & 1) === 0;
    this.#attributes(descriptorLo);
    this.#permissions(descriptorLo, descriptorHi, tableBits, privileged);
    return true;
  }

  #permissions(lo: number, hi: number, tableBits: number, privileged: boolean): void {
    const user = (lo & 0x40) !== 0 && !(tableBits & TABLE_NO_USER);
    const writable = (lo & 0x80) === 0 && !(tableBits & TABLE_NO_WRITE);
    this.readable = privileged || user;
    this.writable = writable && this.readable;
    if (privileged) {
      // A page that EL0 may write is never executable at EL1 (D8.4.1.2.3).
      this.executable = ((hi >>> 21) & 1) === 0 && !(tableBits & TABLE_NO_PRIVILEGED_EXECUTE) && !(user && writable);
    } else {
      this.executable = ((hi >>> 22) & 1) === 0 && !(tableBits & TABLE_NO_EXECUTE);
    }
    if (this.#writeImpliesNoExecute && this.writable) this.executable = false;
  }

  #attributes(lo: number): void {
    const index = (lo >>> 2) & 7;
    const attribute = (this.cpu.u32(Sys.MAIR_EL1 + (index & 4)) >>> ((index & 3) * 8)) & 0xff;
    this.device = (attribute & 0xf0) === 0;
    this.attribute = attribute;
    // Device and non-cacheable memory is always outer shareable (D8.5.2).
    this.shareability = this.device || attribute === NON_CACHEABLE ? OUTER_SHAREABLE : (lo >>> 8) & 3;
  }

  /** Index of a descriptor's low word in VM memory, or −1 when it is not in RAM. */
  #descriptor(address: number): number {
    const region = this.map.find(address);
    if (!region || (region.kind !== 'ram' && region.kind !== 'rom')) return -1;
    return (region.offset + (address - region.base)) / 4;
  }

  #fail(status: FaultStatus, level: number): false {
    this.fault = status | level;
    return false;
  }
}
