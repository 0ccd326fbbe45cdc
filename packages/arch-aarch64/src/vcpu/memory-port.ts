import type { PhysicalMap, Region, VmMemory } from '@qvm/core';
import { AccessInfo, BOUNCE_BUFFER, PAGE_BITS, TlbEntry } from '@qvm/jit';
import { State } from '../builder/layout.js';
import type { Access, Mmu } from '../system/mmu.js';
import { FaultStatus } from '../system/syndrome.js';
import type { CodeCache } from './code-cache.js';
import type { CpuState } from './cpu-state.js';
import { PAGE_BYTES, pageOf } from './page.js';
import type { SoftTlb } from './soft-tlb.js';

const OFFSET_MASK = PAGE_BYTES - 1;

/**
 * A fault of an access, as it will be reported to the guest.
 *
 * @experimental
 */
export interface AccessFault {
  /** Virtual address, low and high word. */
  lo: number;
  hi: number;
  access: Access;
  /** Fault status with level. */
  status: number;
  /** Guest-physical address where translation came so far, else −1. */
  physical: number;
}

/**
 * What devices and unmapped addresses need from the vCPU.
 *
 * @experimental
 */
export interface MmioPort {
  /** Reads up to 4 bytes; `undefined` is an external abort. */
  read(region: Region | undefined, address: number, width: 1 | 2 | 4): number | undefined;
  /** Writes up to 4 bytes; `false` is an external abort. */
  write(region: Region | undefined, address: number, width: 1 | 2 | 4, value: number): boolean;
}

/**
 * The slow path of memory accesses: fills the software TLB, and does accesses that cannot be plain loads and stores (devices,
 * page crossings) through the bounce buffer.
 *
 * @experimental
 */
export class MemoryPort {
  readonly fault: AccessFault = { lo: 0, hi: 0, access: 'read', status: 0, physical: -1 };
  readonly #u8: Uint8Array;
  readonly #data: DataView;
  /** The write in the bounce buffer: guest-physical places of its one or two parts. */
  #pending: { bytes: number; element: number; first: number; firstBytes: number; second: number } | undefined;
  /** Set by {@link flush} when a device refused the write. */
  writeFailed = false;

  constructor(
    memory: VmMemory,
    private readonly map: PhysicalMap,
    private readonly cpu: CpuState,
    private readonly mmu: Mmu,
    private readonly tlb: SoftTlb,
    private readonly code: CodeCache,
    private readonly mmio: MmioPort,
  ) {
    this.#u8 = memory.u8;
    this.#data = memory.data;
  }

  /**
   * An access that missed the TLB, at `State.address`.
   *
   * @returns the VM memory offset to use, or 0 with {@link fault} set.
   */
  open(info: number): number {
    const lo = this.cpu.u32(State.address);
    const hi = this.cpu.u32(State.address + 4);
    const bytes = info & AccessInfo.bytesMask;
    const element = 1 << (info >>> AccessInfo.elementShift);
    const access: Access = info & AccessInfo.write ? 'write' : 'read';
    const misaligned = (lo & (element - 1)) !== 0;
    if (misaligned && (info & AccessInfo.aligned || this.cpu.u32(State.alignmentCheck))) {
      return this.#refuse(lo, hi, access, FaultStatus.Alignment);
    }
    if ((lo & OFFSET_MASK) + bytes > PAGE_BYTES) return this.#openSplit(lo, hi, access, info, bytes, element, misaligned);
    const physical = this.#translate(lo, hi, access, info, misaligned);
    if (physical < 0) return 0;
    const region = this.map.find(physical);
    if (region && (region.kind === 'ram' || (region.kind === 'rom' && access === 'read'))) {
      return this.#fill(lo, hi, access, info, physical, region);
    }
    return this.#openDevice(lo, hi, access, info, bytes, element, physical);
  }

  /** Writes the bounce buffer to its place. */
  flush(): void {
    const write = this.#pending;
    if (!write) return;
    this.#pending = undefined;
    this.writeFailed = !this.#scatter(write.first, write.firstBytes, BOUNCE_BUFFER, write.element);
    if (write.bytes > write.firstBytes) {
      this.writeFailed ||= !this.#scatter(write.second, write.bytes - write.firstBytes, BOUNCE_BUFFER + write.firstBytes, 1);
    }
  }

  /** Reads a device or copies RAM, for both halves of a bounced read. */
  #gather(physical: number, bytes: number, to: number, element: number): boolean {
    const region = this.map.find(physical);
    if (region && (region.kind === 'ram' || region.kind === 'rom')) {
      const from = region.offset + (physical - region.base);
      this.#u8.copyWithin(to, from, from + bytes);
      return true;
    }
    const width = Math.min(element, 4) as 1 | 2 | 4;
    for (let at = 0; at < bytes; at += width) {
      const value = this.mmio.read(region, physical + at, width);
      if (value === undefined) return false;
      this.#put(to + at, width, value);
    }
    return true;
  }

  #scatter(physical: number, bytes: number, from: number, element: number): boolean {
    const region = this.map.find(physical);
    if (region?.kind === 'ram') {
      this.code.prepareWrite(pageOf(physical));
      this.#u8.copyWithin(region.offset + (physical - region.base), from, from + bytes);
      return true;
    }
    const width = Math.min(element, 4) as 1 | 2 | 4;
    for (let at = 0; at < bytes; at += width) {
      if (!this.mmio.write(region, physical + at, width, this.#take(from + at, width))) return false;
    }
    return true;
  }

  #openDevice(lo: number, hi: number, access: Access, info: number, bytes: number, element: number, physical: number): number {
    if ((access === 'read' || info & AccessInfo.readWrite) && !this.#gather(physical, bytes, BOUNCE_BUFFER, element)) {
      return this.#refuse(lo, hi, access, FaultStatus.ExternalAbort, physical);
    }
    if (access === 'write') {
      const region = this.map.find(physical);
      if (region?.kind === 'rom' || region?.kind === 'reserved') return this.#refuse(lo, hi, access, FaultStatus.ExternalAbort, physical);
      this.#pending = { bytes, element, first: physical, firstBytes: bytes, second: 0 };
    }
    return BOUNCE_BUFFER;
  }

  #openSplit(lo: number, hi: number, access: Access, info: number, bytes: number, element: number, misaligned: boolean): number {
    const firstBytes = PAGE_BYTES - (lo & OFFSET_MASK);
    const first = this.#translate(lo, hi, access, info, misaligned);
    if (first < 0) return 0;
    const nextLo = (lo + firstBytes) >>> 0;
    const nextHi = nextLo === 0 ? (hi + 1) >>> 0 : hi;
    const second = this.#translate(nextLo, nextHi, access, info, misaligned);
    if (second < 0) return 0;
    // A crossing of pages that begins aligned is a pair; anything else goes byte by byte.
    const width = misaligned ? 1 : element;
    if (access === 'read' || info & AccessInfo.readWrite) {
      const whole = this.#gather(first, firstBytes, BOUNCE_BUFFER, width) && this.#gather(second, bytes - firstBytes, BOUNCE_BUFFER + firstBytes, width);
      if (!whole) return this.#refuse(lo, hi, access, FaultStatus.ExternalAbort, first);
    }
    if (access === 'write') this.#pending = { bytes, element: width, first, firstBytes, second };
    return BOUNCE_BUFFER;
  }

  #translate(lo: number, hi: number, access: Access, info: number, misaligned: boolean): number {
    const privileged = this.cpu.el !== 0 && (info & AccessInfo.unprivileged) === 0;
    const { mmu } = this;
    if (!mmu.translate(lo, hi, access, privileged)) return this.#refuse(lo, hi, access, mmu.fault) - 1;
    if (misaligned && mmu.device) return this.#refuse(lo, hi, access, FaultStatus.Alignment) - 1;
    return mmu.physical;
  }

  #fill(lo: number, hi: number, access: Access, info: number, physical: number, region: { readonly kind: 'ram' | 'rom'; readonly base: number; readonly offset: number }): number {
    const { tlb, mmu, cpu } = this;
    const page = pageOf(physical);
    const offset = region.offset + (physical - region.base);
    if (access === 'write') this.code.prepareWrite(page);
    const bank = cpu.u32(info & AccessInfo.unprivileged ? State.unprivilegedBank : State.bank);
    const e = tlb.entry(bank, lo, hi);
    tlb.setAddend(e, lo, offset - (lo & OFFSET_MASK));
    if (mmu.blockBits > PAGE_BITS) tlb.noteBlock((hi & 0xffff) * 2 ** 32 + lo, mmu.blockBits);
    if (mmu.readable) tlb.setTag(e, TlbEntry.readTag, lo, hi);
    if (access === 'write') tlb.setTag(e, TlbEntry.writeTag, lo, hi);
    return offset;
  }

  #refuse(lo: number, hi: number, access: Access, status: number, physical = -1): 0 {
    Object.assign(this.fault, { lo, hi, access, status, physical });
    return 0;
  }

  #put(at: number, width: number, value: number): void {
    if (width === 1) this.#u8[at] = value;
    else if (width === 2) this.#data.setUint16(at, value, true);
    else this.#data.setUint32(at, value, true);
  }

  #take(at: number, width: number): number {
    return width === 1 ? (this.#u8[at] as number) : width === 2 ? this.#data.getUint16(at, true) : this.#data.getUint32(at, true);
  }
}
