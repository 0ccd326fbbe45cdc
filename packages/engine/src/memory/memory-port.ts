import type { MemoryRegion, PhysicalMap, VmMemory } from '@qvm/core/architecture';
import { AccessInfo, BOUNCE_BYTES, EngineState, PAGE_BITS, TlbEntry } from '@qvm/jit';
import type { CodeCache } from '../code/code-cache.js';
import type { CpuState } from '../vcpu/cpu-state.js';
import type { AccessWatch } from './access-watch.js';
import type { Access, AddressTranslation, EngineFaults } from './address-translation.js';
import { PAGE_BYTES } from './page.js';
import type { SoftTlb } from './soft-tlb.js';

/** log2 of the largest element that a load or store has. */
const LARGEST_ELEMENT = 4;
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
  /** What it is, as a value of the architecture. */
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
  read(region: MemoryRegion | undefined, address: number, width: 1 | 2 | 4): number | undefined;
  /** Whether a write of so many bytes may succeed; where it may not, the access has no effect at all. */
  accepts(region: MemoryRegion | undefined, address: number, bytes: number): boolean;
  /** Writes up to 4 bytes; `false` is an external abort. */
  write(region: MemoryRegion | undefined, address: number, width: 1 | 2 | 4, value: number): boolean;
}

/** A write in the bounce buffer: where it is, and the guest-physical places of its one or two parts. */
interface PendingWrite {
  /** Virtual address. */
  readonly lo: number;
  readonly hi: number;
  readonly from: number;
  readonly bytes: number;
  readonly element: number;
  readonly first: number;
  readonly firstBytes: number;
  readonly second: number;
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
  /** Writes that lie in the bounce buffer. */
  readonly #pending: PendingWrite[] = [];
  /** Where the next access of the present instruction goes in the bounce buffer. */
  #bounce: number;
  #writeFailed = false;

  constructor(
    memory: VmMemory,
    private readonly map: PhysicalMap,
    private readonly cpu: CpuState,
    private readonly mmu: AddressTranslation,
    private readonly tlb: SoftTlb,
    private readonly code: CodeCache,
    private readonly mmio: MmioPort,
    private readonly watchpoints: AccessWatch,
    private readonly faults: EngineFaults,
  ) {
    this.#bounce = cpu.address - BOUNCE_BYTES;
    this.#u8 = memory.u8;
    this.#data = memory.data;
  }

  /**
   * An access that missed the TLB, at `EngineState.address`.
   *
   * @returns the VM memory offset to use, or 0 with `fault` set.
   */
  open(info: number): number {
    const lo = this.cpu.u32(EngineState.address);
    const hi = this.cpu.u32(EngineState.address + 4);
    const bytes = info & AccessInfo.bytesMask;
    const element = 1 << (info >>> AccessInfo.elementShift);
    const access: Access = info & AccessInfo.write ? 'write' : 'read';
    const misaligned = (lo & (element - 1)) !== 0;
    if (misaligned && (info & AccessInfo.aligned || this.cpu.u32(EngineState.alignmentCheck))) {
      return this.#refuse(lo, hi, access, this.faults.alignment);
    }
    if ((lo & OFFSET_MASK) + bytes > PAGE_BYTES)
      return this.#openSplit(lo, hi, access, info, bytes, element, misaligned);
    const physical = this.#translate(lo, hi, access, info, misaligned);
    if (physical < 0) return 0;
    const watched = this.#watched(lo, hi, info);
    if (watched !== undefined) return this.#refuse(lo, hi, watched, this.faults.watchpoint);
    const region = this.map.find(physical);
    if (region && (region.kind === 'ram' || (region.kind === 'rom' && access === 'read'))) {
      return this.#fill(lo, hi, access, info, physical, region);
    }
    return this.#openDevice(lo, hi, access, info, bytes, element, physical);
  }

  /**
   * Cache maintenance of an address: it needs a translation for reading, but reads nothing.
   *
   * @returns false with `fault` set when there is none.
   */
  touch(lo: number, hi: number): boolean {
    const info = 1;
    const physical = this.#translate(lo, hi, 'read', info, false);
    if (physical < 0) return false;
    const region = this.map.find(physical);
    // The next line of the page is then known to be mapped without leaving generated code.
    if (region?.kind === 'ram' || region?.kind === 'rom') this.#fill(lo, hi, 'read', info, physical, region);
    return true;
  }

  /** Called before guest code goes on: a bounced access ended the run, so its buffer is free again. */
  begin(): void {
    this.#bounce = this.cpu.address - BOUNCE_BYTES;
    // To set a length takes longer than to look at it, and this is done at each return from the engine.
    if (this.#pending.length > 0) this.#pending.length = 0;
  }

  /** Writes the bounce buffer to its place. The first call of an instruction writes all of it. */
  flush(): void {
    for (const write of this.#pending) {
      const { lo, hi, bytes, element, from, first, firstBytes, second } = write;
      const done =
        this.#scatter(first, firstBytes, from, element) &&
        (bytes === firstBytes || this.#scatter(second, bytes - firstBytes, from + firstBytes, element));
      if (done) continue;
      this.#writeFailed = true;
      this.#refuse(lo, hi, 'write', this.faults.external, first);
    }
    this.#pending.length = 0;
  }

  /** Whether a flushed write found nobody who takes it; `fault` says which. Asking clears it. */
  takeWriteFailure(): boolean {
    const failed = this.#writeFailed;
    this.#writeFailed = false;
    return failed;
  }

  /** Room in the bounce buffer for one access, aligned for every element. */
  #reserve(bytes: number): number {
    const at = this.#bounce;
    this.#bounce += (bytes + 15) & ~15;
    if (this.#bounce > this.cpu.address)
      throw new Error('an instruction has more accesses than the bounce buffer holds');
    return at;
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
      this.code.prepareWrite(physical, bytes);
      this.#u8.copyWithin(region.offset + (physical - region.base), from, from + bytes);
      return true;
    }
    const width = Math.min(element, 4) as 1 | 2 | 4;
    for (let at = 0; at < bytes; at += width) {
      if (!this.mmio.write(region, physical + at, width, this.#take(from + at, width))) return false;
    }
    return true;
  }

  #openDevice(
    lo: number,
    hi: number,
    access: Access,
    info: number,
    bytes: number,
    element: number,
    physical: number,
  ): number {
    const at = this.#reserve(bytes);
    if (access === 'write' && !this.#acceptsWrite(physical, bytes))
      return this.#refuse(lo, hi, access, this.faults.external, physical);
    if ((access === 'read' || info & AccessInfo.readWrite) && !this.#gather(physical, bytes, at, element)) {
      return this.#refuse(lo, hi, access, this.faults.external, physical);
    }
    if (access === 'write')
      this.#pending.push({ lo, hi, from: at, bytes, element, first: physical, firstBytes: bytes, second: 0 });
    return at;
  }

  /** Whether a write may succeed; what only a hook knows is asked when the write is done. */
  #acceptsWrite(physical: number, bytes: number): boolean {
    const region = this.map.find(physical);
    return region?.kind === 'ram' || this.mmio.accepts(region, physical, bytes);
  }

  #openSplit(
    lo: number,
    hi: number,
    access: Access,
    info: number,
    bytes: number,
    element: number,
    misaligned: boolean,
  ): number {
    const firstBytes = PAGE_BYTES - (lo & OFFSET_MASK);
    const first = this.#translate(lo, hi, access, info, misaligned);
    if (first < 0) return 0;
    const nextLo = (lo + firstBytes) >>> 0;
    const nextHi = nextLo === 0 ? (hi + 1) >>> 0 : hi;
    const second = this.#translate(nextLo, nextHi, access, info, misaligned);
    if (second < 0) return 0;
    const watched = this.#watched(lo, hi, info);
    if (watched !== undefined) return this.#refuse(lo, hi, watched, this.faults.watchpoint);
    const at = this.#reserve(bytes);
    // A crossing of pages that begins aligned is a pair; anything else goes byte by byte.
    const width = misaligned ? 1 : element;
    for (const [physical, count, to] of [
      [first, firstBytes, at],
      [second, bytes - firstBytes, at + firstBytes],
    ] as const) {
      const refused = access === 'write' && !this.#acceptsWrite(physical, count);
      const unread = (access === 'read' || info & AccessInfo.readWrite) && !this.#gather(physical, count, to, width);
      if (refused || unread) return this.#refuse(lo, hi, access, this.faults.external, physical);
    }
    if (access === 'write') this.#pending.push({ lo, hi, from: at, bytes, element: width, first, firstBytes, second });
    return at;
  }

  #translate(lo: number, hi: number, access: Access, info: number, misaligned: boolean): number {
    const { mmu } = this;
    const privileged = this.#isPrivileged(info);
    if (!mmu.translate(lo, hi, access, privileged)) {
      const { fault } = mmu;
      // What both reads and writes reports a write only if a read would have passed.
      const asRead = (info & AccessInfo.readWrite) !== 0 && !mmu.translate(lo, hi, 'read', privileged);
      return this.#refuse(lo, hi, asRead ? 'read' : access, fault) - 1;
    }
    // An element that is larger than any register's is a block that is filled, which device memory does not take.
    if ((misaligned || info >>> AccessInfo.elementShift > LARGEST_ELEMENT) && mmu.device)
      return this.#refuse(lo, hi, access, this.faults.alignment) - 1;
    return mmu.physical;
  }

  #isPrivileged(info: number): boolean {
    return this.mmu.privileged && (info & AccessInfo.unprivileged) === 0;
  }

  /** As what a watchpoint stops an access: what both reads and writes is a read where reads are watched. */
  #watched(lo: number, hi: number, info: number): Access | undefined {
    if (!this.watchpoints.armed) return undefined;
    const access = { lo, hi, bytes: info & AccessInfo.bytesMask, privileged: this.#isPrivileged(info) };
    const writes = (info & AccessInfo.write) !== 0;
    const reads = !writes || (info & AccessInfo.readWrite) !== 0;
    if (reads && this.watchpoints.stop({ ...access, write: false })) return 'read';
    return writes && this.watchpoints.stop({ ...access, write: true }) ? 'write' : undefined;
  }

  #fill(
    lo: number,
    hi: number,
    access: Access,
    info: number,
    physical: number,
    region: { readonly kind: 'ram' | 'rom'; readonly base: number; readonly offset: number },
  ): number {
    const { tlb, mmu, cpu } = this;
    const offset = region.offset + (physical - region.base);
    const writeFreely = access === 'write' && this.code.prepareWrite(physical, info & AccessInfo.bytesMask);
    if (this.watchpoints.coversPage(lo, hi)) return offset;
    const bank = cpu.u32(info & AccessInfo.unprivileged ? EngineState.unprivilegedBank : EngineState.bank);
    const e = tlb.entry(bank, lo, hi, mmu.local);
    tlb.setAddend(e, lo, offset - (lo & OFFSET_MASK));
    if (mmu.blockBits > PAGE_BITS) tlb.noteBlock((hi & 0xffff) * 2 ** 32 + lo, mmu.blockBits);
    if (mmu.readable) tlb.setTag(e, TlbEntry.readTag, lo, hi);
    if (writeFreely) {
      tlb.setTag(e, TlbEntry.writeTag, lo, hi);
      this.code.noteWriter(physical, e * 4);
    }
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
    return width === 1
      ? (this.#u8[at] as number)
      : width === 2
        ? this.#data.getUint16(at, true)
        : this.#data.getUint32(at, true);
  }
}
