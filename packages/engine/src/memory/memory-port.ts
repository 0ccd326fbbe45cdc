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
  /** Virtual address of the first byte that cannot be accessed, low and high word. */
  lo: number;
  /** See {@link AccessFault.lo}. */
  hi: number;
  /** Kind of the access. */
  access: Access;
  /** What it is, as a value of the architecture. */
  status: number;
  /** Guest-physical address where translation came so far, else −1. */
  physical: number;
}

/**
 * Where accesses go that are not to RAM. Each function gives the number of bytes that it did: less than asked for when nothing answers at
 * the next one. Data is in the VM's memory; accesses go by elements of `element` bytes.
 *
 * @experimental
 */
export interface DevicePort {
  /** Reads into the VM's memory at `to`. */
  read(address: number, bytes: number, element: number, to: number): number;
  /** How many bytes of a write may succeed; where not all may, the access has no effect at all. */
  accepts(address: number, bytes: number, element: number): number;
  /** Writes from the VM's memory at `from`. */
  write(address: number, bytes: number, element: number, from: number): number;
}

/** A piece of an access within one page. */
interface Piece {
  readonly physical: number;
  readonly bytes: number;
  /** Where it is in the bounce buffer. */
  readonly at: number;
}

/** A write in the bounce buffer. */
interface PendingWrite {
  /** Virtual address. */
  readonly lo: number;
  readonly hi: number;
  readonly element: number;
  readonly pieces: readonly Piece[];
}

/**
 * The slow path of memory accesses: fills the software TLB, and does accesses that cannot be plain loads and stores (devices,
 * page crossings) through the bounce buffer.
 *
 * @experimental
 */
export class MemoryPort {
  /** The last fault: valid after an access has reported one. */
  readonly fault: AccessFault = { lo: 0, hi: 0, access: 'read', status: 0, physical: -1 };
  readonly #u8: Uint8Array;
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
    private readonly devices: DevicePort,
    private readonly watchpoints: AccessWatch,
    private readonly faults: EngineFaults,
  ) {
    this.#bounce = cpu.address - BOUNCE_BYTES;
    this.#u8 = memory.u8;
  }

  /**
   * An access that missed the TLB, at `EngineState.address`.
   *
   * @param info - {@link AccessInfo}.
   * @returns the VM memory offset to use, or 0 with {@link fault} set.
   */
  open(info: number): number {
    const lo = this.cpu.u32(EngineState.address);
    const hi = this.cpu.u32(EngineState.address + 4);
    const bytes = info & AccessInfo.bytesMask;
    const element = 1 << (info >>> AccessInfo.elementShift);
    const misaligned = (lo & (element - 1)) !== 0;
    if (misaligned && (info & AccessInfo.aligned || this.cpu.u32(EngineState.alignmentCheck)))
      return this.#refuse(lo, hi, accessOf(info), this.faults.alignment);
    const crossing = (lo & OFFSET_MASK) + bytes > PAGE_BYTES;
    const physical = this.#translate(lo, hi, info, misaligned);
    if (physical < 0) return 0;
    const next = crossing ? this.#translateNext(lo, hi, info, misaligned) : 0;
    if (next < 0) return 0;
    const watched = this.#watched(lo, hi, info);
    if (watched !== undefined) return this.#refuse(lo, hi, watched, this.faults.watchpoint);
    if (crossing) return this.#openCrossing(lo, hi, info, physical, next, misaligned ? 1 : element);
    const region = this.map.find(physical);
    if (region && (region.kind === 'ram' || (region.kind === 'rom' && (info & AccessInfo.write) === 0)))
      return this.#fill(lo, hi, info, physical, region);
    const at = this.#reserve(bytes);
    return this.#transfer(lo, hi, info, element, [{ physical, bytes, at }]) ? at : 0;
  }

  /**
   * Cache maintenance of an address: it needs a translation for reading, but reads nothing.
   *
   * @returns false with `fault` set when there is none.
   */
  touch(lo: number, hi: number): boolean {
    const info = 1;
    const physical = this.#translate(lo, hi, info, false);
    if (physical < 0) return false;
    const region = this.map.find(physical);
    // The next line of the page is then known to be mapped without leaving generated code.
    if (region?.kind === 'ram' || region?.kind === 'rom') this.#fill(lo, hi, info, physical, region);
    return true;
  }

  /** Called before guest code goes on: a bounced access ended the run, so its buffer is free again. */
  begin(): void {
    this.#bounce = this.cpu.address - BOUNCE_BYTES;
    this.#forgetPending();
  }

  /** Writes the bounce buffer to its place. The first call of an instruction writes all of it. */
  flush(): void {
    for (const write of this.#pending) this.#perform(write);
    this.#forgetPending();
  }

  #perform({ lo, hi, element, pieces }: PendingWrite): void {
    for (const piece of pieces) {
      const written = this.#scatter(piece, element);
      if (written === piece.bytes) continue;
      this.#writeFailed = true;
      this.#refuseRest(lo, hi, 'write', pieces, piece, written);
      return;
    }
  }

  /** Setting the length of an array takes longer than this. */
  #forgetPending(): void {
    while (this.#pending.length > 0) this.#pending.pop();
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

  /** An access over the end of a page. One that begins aligned is a pair; anything else goes byte by byte. */
  #openCrossing(lo: number, hi: number, info: number, physical: number, next: number, element: number): number {
    const bytes = info & AccessInfo.bytesMask;
    const first = PAGE_BYTES - (lo & OFFSET_MASK);
    const at = this.#reserve(bytes);
    const pieces = [
      { physical, bytes: first, at },
      { physical: next, bytes: bytes - first, at: at + first },
    ];
    return this.#transfer(lo, hi, info, element, pieces) ? at : 0;
  }

  /** Reads into the bounce buffer; what is written there is noted for {@link flush}. */
  #transfer(lo: number, hi: number, info: number, element: number, pieces: readonly Piece[]): boolean {
    const write = (info & AccessInfo.write) !== 0;
    if (write) {
      for (const piece of pieces) {
        const accepted = this.#accepted(piece, element);
        if (accepted !== piece.bytes) return this.#refuseRest(lo, hi, 'write', pieces, piece, accepted);
      }
    }
    if (!write || info & AccessInfo.readWrite) {
      for (const piece of pieces) {
        const read = this.#gather(piece, element);
        if (read !== piece.bytes) return this.#refuseRest(lo, hi, accessOf(info), pieces, piece, read);
      }
    }
    if (write) this.#pending.push({ lo, hi, element, pieces });
    return true;
  }

  /** How many bytes of a write may succeed; what only a hook knows is asked when the write is done. */
  #accepted({ physical, bytes }: Piece, element: number): number {
    return this.map.find(physical)?.kind === 'ram' ? bytes : this.devices.accepts(physical, bytes, element);
  }

  /** Reads a device or copies RAM. */
  #gather({ physical, bytes, at }: Piece, element: number): number {
    const region = this.map.find(physical);
    if (!isMemory(region)) return this.devices.read(physical, bytes, element, at);
    const from = region.offset + (physical - region.base);
    this.#u8.copyWithin(at, from, from + bytes);
    return bytes;
  }

  #scatter({ physical, bytes, at }: Piece, element: number): number {
    const region = this.map.find(physical);
    if (region?.kind !== 'ram') return this.devices.write(physical, bytes, element, at);
    this.code.prepareWrite(physical, bytes);
    this.#u8.copyWithin(region.offset + (physical - region.base), at, at + bytes);
    return bytes;
  }

  /** Guest-physical address of an access, or −1 with {@link fault} set. */
  #translate(lo: number, hi: number, info: number, misaligned: boolean): number {
    const { mmu } = this;
    const access = accessOf(info);
    const privileged = this.#isPrivileged(info);
    if (!mmu.translate(lo, hi, access, privileged)) {
      const { fault } = mmu;
      // What both reads and writes reports a write only if a read would have passed.
      const readsFirst = (info & (AccessInfo.readWrite | AccessInfo.faultsAsWrite)) === AccessInfo.readWrite;
      const asRead = readsFirst && !mmu.translate(lo, hi, 'read', privileged);
      return this.#refuse(lo, hi, asRead ? 'read' : access, fault) - 1;
    }
    // An element that is larger than any register's is a block that is filled, which device memory does not take.
    if ((misaligned || info >>> AccessInfo.elementShift > LARGEST_ELEMENT) && mmu.device)
      return this.#refuse(lo, hi, access, this.faults.alignment) - 1;
    return mmu.physical;
  }

  /** {@link MemoryPort.#translate} of the first byte in the next page. */
  #translateNext(lo: number, hi: number, info: number, misaligned: boolean): number {
    const nextLo = (lo + PAGE_BYTES - (lo & OFFSET_MASK)) >>> 0;
    return this.#translate(nextLo, nextLo === 0 ? (hi + 1) >>> 0 : hi, info, misaligned);
  }

  #isPrivileged(info: number): boolean {
    return this.mmu.privileged && (info & AccessInfo.unprivileged) === 0;
  }

  /** As what a watchpoint stops an access: what both reads and writes is a read where reads are watched. */
  #watched(lo: number, hi: number, info: number): Access | undefined {
    if (!this.watchpoints.armed) return undefined;
    const access = { lo, hi, bytes: info & AccessInfo.bytesMask, privileged: this.#isPrivileged(info) };
    const writes = (info & AccessInfo.write) !== 0;
    const reads = !writes || (info & (AccessInfo.readWrite | AccessInfo.faultsAsWrite)) === AccessInfo.readWrite;
    if (reads && this.watchpoints.stop({ ...access, write: false })) return 'read';
    return writes && this.watchpoints.stop({ ...access, write: true }) ? 'write' : undefined;
  }

  /** Enters a page of memory into the TLB, unless it is watched. */
  #fill(
    lo: number,
    hi: number,
    info: number,
    physical: number,
    region: { readonly base: number; readonly offset: number },
  ): number {
    const { tlb, mmu, cpu } = this;
    const offset = region.offset + (physical - region.base);
    const write = (info & AccessInfo.write) !== 0;
    const writeFreely = write && this.code.prepareWrite(physical, info & AccessInfo.bytesMask);
    if (this.watchpoints.coversPage(lo, hi)) return offset;
    const bank = cpu.u32(info & AccessInfo.unprivileged ? EngineState.unprivilegedBank : EngineState.bank);
    const e = tlb.entry(bank, lo, hi, offset - (lo & OFFSET_MASK), mmu.local);
    if (mmu.blockBits > PAGE_BITS) tlb.noteBlock((hi & 0xffff) * 2 ** 32 + lo, mmu.blockBits);
    if (mmu.readable) tlb.setTag(e, TlbEntry.readTag, lo, hi);
    if (writeFreely) {
      tlb.setTag(e, TlbEntry.writeTag, lo, hi);
      this.code.noteWriter(physical, e * 4);
    }
    return offset;
  }

  #refuse(lo: number, hi: number, access: Access, status: number, physical = -1): 0 {
    const { fault } = this;
    fault.lo = lo;
    fault.hi = hi;
    fault.access = access;
    fault.status = status;
    fault.physical = physical;
    return 0;
  }

  /** Nothing answers at a byte of a piece: the fault is at its address. Pieces lie in the bounce buffer as in the access. */
  #refuseRest(lo: number, hi: number, access: Access, [first]: readonly Piece[], piece: Piece, done: number): false {
    const sum = lo + done + (first === undefined ? 0 : piece.at - first.at);
    const faultHi = sum > 0xffff_ffff ? (hi + 1) >>> 0 : hi;
    this.#refuse(sum >>> 0, faultHi, access, this.faults.external, piece.physical + done);
    return false;
  }
}

const accessOf = (info: number): Access => (info & AccessInfo.write ? 'write' : 'read');

const isMemory = (region: MemoryRegion | undefined): region is MemoryRegion & { readonly kind: 'ram' | 'rom' } =>
  region?.kind === 'ram' || region?.kind === 'rom';
