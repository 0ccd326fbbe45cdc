import type { PhysicalMap, VmMemory } from '@qvm/core';
import { Sys } from '../vcpu/cpu-state.js';
import type { CpuState } from '../vcpu/cpu-state.js';
import { FaultStatus } from './syndrome.js';

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

/** How an access uses memory. @experimental */
export type Access = 'read' | 'write' | 'execute';

/** Width of the output addresses that the CPU model reports (ID_AA64MMFR0_EL1.PARange). @experimental */
export const PHYSICAL_ADDRESS_BITS = 44;

/** What is needed of TCR_EL1 for one half of the address space. */
interface Half {
  readonly table: number;
  readonly inputBits: number;
  readonly granuleBits: number;
  readonly disabled: boolean;
  readonly ignoreTopByte: boolean;
}

const GRANULE_0 = [12, 16, 14, 12] as const;
const GRANULE_1 = [12, 14, 12, 16] as const;
/** Output address sizes by TCR_EL1.IPS. */
const OUTPUT_BITS = [32, 36, 40, 42, 44, 48, 48, 48] as const;
const TWO_32 = 2 ** 32;

/**
 * Stage-1 translation of EL1&0 (Arm ARM D8). The result of {@link translate} stays in its fields, so that a walk allocates
 * nothing.
 *
 * @experimental
 */
export class Mmu {
  /** Guest-physical address of the last translation. */
  physical = 0;
  /** log2 of the size of the block that it came from. */
  blockBits = 12;
  readable = false;
  writable = false;
  executable = false;
  /** Device memory: unaligned accesses fault. */
  device = false;
  /** Fault status with its level, when `translate` returned false. */
  fault = 0;

  readonly #u32: Uint32Array;

  constructor(
    memory: VmMemory,
    private readonly map: PhysicalMap,
    private readonly cpu: CpuState,
  ) {
    this.#u32 = memory.u32;
  }

  get enabled(): boolean {
    return (this.cpu.u32(Sys.SCTLR_EL1) & Sctlr.M) !== 0;
  }

  /** The ASID in use: TCR_EL1.A1 says which table register holds it. */
  get asid(): number {
    const tcrLo = this.cpu.u32(Sys.TCR_EL1);
    const tcrHi = this.cpu.u32(Sys.TCR_EL1 + 4);
    const ttbr = (tcrLo >>> 22) & 1 ? Sys.TTBR1_EL1 : Sys.TTBR0_EL1;
    const asid = this.cpu.u32(ttbr + 4) >>> 16;
    return (tcrHi >>> 4) & 1 ? asid : asid & 0xff;
  }

  /**
   * Translates a virtual address (low and high word).
   *
   * @returns whether the access is allowed; else `fault` says why.
   */
  translate(lo: number, hi: number, access: Access, privileged: boolean): boolean {
    if (!this.enabled) return this.#flat(lo, hi);
    const half = this.#half(hi);
    if (half.disabled || !inRange(lo, hi, half)) return this.#fail(FaultStatus.Translation, 0);
    return this.#walk(low48(lo, hi), half, privileged) && this.#permit(access);
  }

  #flat(lo: number, hi: number): boolean {
    this.physical = hi * TWO_32 + lo;
    this.blockBits = 12;
    this.readable = this.writable = this.executable = true;
    this.device = true;
    return this.physical < 2 ** PHYSICAL_ADDRESS_BITS || this.#fail(FaultStatus.AddressSize, 0);
  }

  #half(hi: number): Half {
    const upper = (hi >>> 23) & 1;
    const tcrLo = this.cpu.u32(Sys.TCR_EL1);
    const tcrHi = this.cpu.u32(Sys.TCR_EL1 + 4);
    const size = upper ? (tcrLo >>> 16) & 0x3f : tcrLo & 0x3f;
    const ttbr = upper ? Sys.TTBR1_EL1 : Sys.TTBR0_EL1;
    return {
      table: (this.cpu.u32(ttbr + 4) & 0xffff) * TWO_32 + ((this.cpu.u32(ttbr) & ~1) >>> 0),
      inputBits: 64 - Math.min(39, Math.max(16, size)),
      granuleBits: (upper ? GRANULE_1[(tcrLo >>> 30) & 3] : GRANULE_0[(tcrLo >>> 14) & 3]) as number,
      disabled: ((tcrLo >>> (upper ? 23 : 7)) & 1) !== 0,
      ignoreTopByte: ((tcrHi >>> (upper ? 6 : 5)) & 1) !== 0,
    };
  }

  #walk(va: number, { table, inputBits, granuleBits }: Half, privileged: boolean): boolean {
    const levelBits = granuleBits - 3;
    const outputBits = this.#outputBits();
    let level = 4 - Math.ceil((inputBits - granuleBits) / levelBits);
    let bits = inputBits;
    // The first table may be smaller than a page; its base is aligned to its size.
    const firstBits = inputBits - (granuleBits + (3 - level) * levelBits) + 3;
    let base = table - (table % 2 ** Math.max(firstBits, 4));
    let noWrite = false;
    let noUser = false;
    let noExecute = false;
    let noPrivilegedExecute = false;
    if (base >= 2 ** outputBits) return this.#fail(FaultStatus.AddressSize, 0);
    for (; ; level++) {
      const shift = granuleBits + (3 - level) * levelBits;
      const index = Math.floor((va % 2 ** bits) / 2 ** shift);
      const at = this.#descriptor(base + index * 8);
      if (at < 0) return this.#fail(FaultStatus.ExternalAbortOnWalk, level);
      const lo = this.#u32[at] as number;
      const hi = this.#u32[at + 1] as number;
      const isTable = (lo & 2) !== 0;
      if ((lo & 1) === 0 || (level === 3 && !isTable)) return this.#fail(FaultStatus.Translation, level);
      if (level < 3 && isTable) {
        noUser ||= ((hi >>> 29) & 1) !== 0;
        noWrite ||= ((hi >>> 30) & 1) !== 0;
        noExecute ||= ((hi >>> 28) & 1) !== 0;
        noPrivilegedExecute ||= ((hi >>> 27) & 1) !== 0;
        base = outputAddress(lo, hi, granuleBits);
        if (base >= 2 ** outputBits) return this.#fail(FaultStatus.AddressSize, level);
        bits = shift;
        continue;
      }
      if (level < 3 && !blockAllowed(granuleBits, level)) return this.#fail(FaultStatus.Translation, level);
      const block = outputAddress(lo, hi, shift);
      if (block >= 2 ** outputBits) return this.#fail(FaultStatus.AddressSize, level);
      if ((lo & 0x400) === 0) return this.#fail(FaultStatus.AccessFlag, level);
      this.physical = block + (va % 2 ** shift);
      this.blockBits = shift;
      this.fault = FaultStatus.Permission | level;
      this.#attributes(lo);
      this.#permissions(lo, hi, privileged, noUser, noWrite, noExecute, noPrivilegedExecute);
      return true;
    }
  }

  #permissions(lo: number, hi: number, privileged: boolean, noUser: boolean, noWrite: boolean, noExecute: boolean, noPrivilegedExecute: boolean): void {
    const user = (lo & 0x40) !== 0 && !noUser;
    const writable = (lo & 0x80) === 0 && !noWrite;
    const wxn = (this.cpu.u32(Sys.SCTLR_EL1) & Sctlr.WXN) !== 0;
    this.readable = privileged || user;
    this.writable = writable && this.readable;
    if (privileged) {
      // What EL0 may write is never executable at EL1 (D8.4.1.2.3).
      this.executable = ((hi >>> 21) & 1) === 0 && !noPrivilegedExecute && !(user && writable);
    } else {
      this.executable = ((hi >>> 22) & 1) === 0 && !noExecute;
    }
    if (wxn && this.writable) this.executable = false;
  }

  #attributes(lo: number): void {
    const index = (lo >>> 2) & 7;
    const attribute = (this.cpu.u32(Sys.MAIR_EL1 + (index & 4)) >>> ((index & 3) * 8)) & 0xff;
    this.device = (attribute & 0xf0) === 0;
  }

  #permit(access: Access): boolean {
    return access === 'read' ? this.readable : access === 'write' ? this.writable : this.executable;
  }

  #outputBits(): number {
    const ips = this.cpu.u32(Sys.TCR_EL1 + 4) & 7;
    return Math.min(OUTPUT_BITS[ips] as number, PHYSICAL_ADDRESS_BITS);
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

const low48 = (lo: number, hi: number): number => (hi & 0xffff) * TWO_32 + lo;

/** Bits 47 … `from` of a descriptor as an address. */
function outputAddress(lo: number, hi: number, from: number): number {
  const address = (hi & 0xffff) * TWO_32 + lo;
  return address - (address % 2 ** from);
}

const blockAllowed = (granuleBits: number, level: number): boolean => (granuleBits === 12 ? level >= 1 : level === 2);

/** Whether the bits above the input size agree with bit 55 (but for an ignored top byte). */
function inRange(lo: number, hi: number, { inputBits, ignoreTopByte }: Half): boolean {
  const sign = (hi >>> 23) & 1;
  const checked = ignoreTopByte ? hi & 0x00ff_ffff : hi >>> 0;
  const all = ignoreTopByte ? 0x00ff_ffff : 0xffff_ffff;
  // Input sizes are at least 25 bits; below 33 the low word has checked bits too.
  if (inputBits <= 32) {
    const lowMask = inputBits === 32 ? 0 : (-1 << inputBits) >>> 0;
    const lowOk = sign ? ((lo & lowMask) >>> 0) === lowMask : (lo & lowMask) === 0;
    return lowOk && (sign ? checked >>> 0 === all : checked === 0);
  }
  const mask = ((-1 << (inputBits - 32)) & all) >>> 0;
  return ((checked & mask) >>> 0) === (sign ? mask : 0);
}
