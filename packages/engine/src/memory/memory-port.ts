import type { MemoryRegion, PhysicalMap, VmMemory } from '@qvm/core/architecture';
import { AccessInfo, BOUNCE_BYTES, EngineState, PAGE_BITS, TlbEntry } from '@qvm/jit';
import type { CodeCache } from '../code/code-cache.js';
import type { CpuPosition, CpuState } from '../vcpu/cpu-state.js';
import type { AccessWatch } from './access-watch.js';
import type { Access, AddressTranslation, EngineFaults } from './address-translation.js';
import { PAGE_BYTES } from './page.js';
import type { SoftTlb } from './soft-tlb.js';

/** log2 of the size of the largest element of a load or store. */
const LARGEST_ELEMENT = 4;
const OFFSET_MASK = PAGE_BYTES - 1;

/**
 * A faulting access, as it will be reported to the guest.
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
  /** Kind of fault, a value of the architecture. */
  status: number;
  /** Guest-physical address if the translation succeeded, otherwise −1. */
  physical: number;
}

/**
 * Performs accesses to addresses outside of RAM. Each function returns a number of bytes, less than requested if
 * nothing answers at the next one. Data is in the VM's memory; an access consists of elements of `element` bytes.
 *
 * @experimental
 */
export interface DevicePort {
  /** Reads into the VM's memory at `to`. */
  read(address: number, bytes: number, element: number, to: number): number;
  /** Number of bytes of a write that can succeed. If it is less than `bytes`, the whole access has no effect. */
  accepts(address: number, bytes: number, element: number): number;
  /** Writes from the VM's memory at `from`. */
  write(address: number, bytes: number, element: number, from: number): number;
}

/** A piece of an access within one page. */
interface Piece {
  readonly physical: number;
  readonly bytes: number;
  /** Address in the bounce buffer. */
  readonly at: number;
}

/** A write whose data is in the bounce buffer. */
interface PendingWrite {
  /** Virtual address. */
  readonly lo: number;
  readonly hi: number;
  readonly element: number;
  readonly pieces: readonly Piece[];
}

/**
 * The slow path of memory accesses. Fills the software TLB, and performs accesses that are not plain loads and stores
 * (devices, page crossings) through the bounce buffer.
 *
 * @experimental
 */
export class MemoryPort {
  /** The last fault: valid after an access has reported one. */
  readonly fault: AccessFault = { lo: 0, hi: 0, access: 'read', status: 0, physical: -1 };
  readonly #u8: Uint8Array;
  /** Writes whose data is in the bounce buffer. */
  readonly #pending: PendingWrite[] = [];
  /** Address in the bounce buffer for the next access of the present instruction. */
  #bounce: number;
  /** The instruction whose write failed after it. */
  #failedAt: CpuPosition | undefined;

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
   * Handles an access that missed the TLB; its address is in `EngineState.address`.
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
      return this.#refuse(lo, hi, refusedAs(info), this.faults.alignment);
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
   * Translates an address for cache maintenance: it must be readable, but nothing is read.
   *
   * @returns false, with `fault` set, if it is not.
   */
  touch(lo: number, hi: number): boolean {
    const info = 1;
    const physical = this.#translate(lo, hi, info, false);
    if (physical < 0) return false;
    const region = this.map.find(physical);
    // Generated code then handles further lines of the page without an exit.
    if (region?.kind === 'ram' || region?.kind === 'rom') this.#fill(lo, hi, info, physical, region);
    return true;
  }

  /**
   * Must be called before guest code continues. An access through the bounce buffer ended the run, so the buffer is
   * free again.
   */
  begin(): void {
    this.#bounce = this.cpu.address - BOUNCE_BYTES;
    this.#forgetPending();
  }

  /** Performs the writes in the bounce buffer. The first call for an instruction performs all of its writes. */
  flush(): void {
    for (const write of this.#pending) this.#perform(write);
    this.#forgetPending();
  }

  #perform({ lo, hi, element, pieces }: PendingWrite): void {
    for (const piece of pieces) {
      const written = this.#scatter(piece, element);
      if (written === piece.bytes) continue;
      // The instruction has not transferred control yet.
      this.#failedAt = this.cpu.position;
      this.#refuseRest(lo, hi, 'write', pieces, piece, written);
      return;
    }
  }

  /** Removes the elements one by one, because setting the length of an array is slower. */
  #forgetPending(): void {
    while (this.#pending.length > 0) this.#pending.pop();
  }

  /**
   * Whether nothing accepted a flushed write; `fault` has its address, and the vCPU is moved back to the instruction.
   * Clears the condition.
   */
  takeWriteFailure(): boolean {
    const failedAt = this.#failedAt;
    if (failedAt === undefined) return false;
    this.#failedAt = undefined;
    this.cpu.moveBack(failedAt);
    return true;
  }

  /** Reserves bytes in the bounce buffer for one access, aligned for every element size. */
  #reserve(bytes: number): number {
    const at = this.#bounce;
    this.#bounce += (bytes + 15) & ~15;
    if (this.#bounce > this.cpu.address)
      throw new Error('an instruction has more accesses than the bounce buffer holds');
    return at;
  }

  /**
   * Handles an access across the end of a page. An aligned access of several elements is split between elements; any
   * other is performed byte by byte.
   */
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

  /** Reads into the bounce buffer; writes are recorded for {@link flush}. */
  #transfer(lo: number, hi: number, info: number, element: number, pieces: readonly Piece[]): boolean {
    const write = (info & AccessInfo.write) !== 0;
    if (write) {
      for (const piece of pieces) {
        const accepted = this.#accepted(piece, element);
        if (accepted !== piece.bytes) {
          const readable = isMemory(this.map.find(piece.physical + accepted));
          return this.#refuseRest(lo, hi, readable ? 'write' : refusedAs(info), pieces, piece, accepted);
        }
      }
    }
    if (!write || info & AccessInfo.readWrite) {
      for (const piece of pieces) {
        const read = this.#gather(piece, element);
        if (read !== piece.bytes) return this.#refuseRest(lo, hi, refusedAs(info), pieces, piece, read);
      }
    }
    if (write) this.#pending.push({ lo, hi, element, pieces });
    return true;
  }

  /** Number of bytes of a write that can succeed. Hooks are called only when the write is performed. */
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
      // An access that reads and writes reports a write fault only if reading is allowed.
      const asRead = readsFirst(info) && !mmu.translate(lo, hi, 'read', privileged);
      return this.#refuse(lo, hi, asRead ? 'read' : access, fault) - 1;
    }
    // A larger element is a block fill (DC ZVA), which device memory does not accept.
    if ((misaligned || info >>> AccessInfo.elementShift > LARGEST_ELEMENT) && mmu.device)
      return this.#refuse(lo, hi, refusedAs(info), this.faults.alignment) - 1;
    return mmu.physical;
  }

  /** {@link MemoryPort.#translate} for the first byte in the next page. */
  #translateNext(lo: number, hi: number, info: number, misaligned: boolean): number {
    const nextLo = (lo + PAGE_BYTES - (lo & OFFSET_MASK)) >>> 0;
    return this.#translate(nextLo, nextLo === 0 ? (hi + 1) >>> 0 : hi, info, misaligned);
  }

  #isPrivileged(info: number): boolean {
    return this.mmu.privileged && (info & AccessInfo.unprivileged) === 0;
  }

  /**
   * The kind of access that a watchpoint stops, if any. An access that reads and writes is a read if reads are watched.
   */
  #watched(lo: number, hi: number, info: number): Access | undefined {
    if (!this.watchpoints.armed) return undefined;
    const access = { lo, hi, bytes: info & AccessInfo.bytesMask, privileged: this.#isPrivileged(info) };
    const writes = (info & AccessInfo.write) !== 0;
    const reads = !writes || readsFirst(info);
    if (reads && this.watchpoints.stop({ ...access, write: false })) return 'read';
    return writes && this.watchpoints.stop({ ...access, write: true }) ? 'write' : undefined;
  }

  /** Enters a page of memory into the TLB unless it has a watchpoint. */
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

  /**
   * Sets the fault at the first byte of a piece that nothing answers. Pieces have the same order in the bounce buffer
   * as in the access.
   */
  #refuseRest(lo: number, hi: number, access: Access, [first]: readonly Piece[], piece: Piece, done: number): false {
    const sum = lo + done + (first === undefined ? 0 : piece.at - first.at);
    const faultHi = sum > 0xffff_ffff ? (hi + 1) >>> 0 : hi;
    this.#refuse(sum >>> 0, faultHi, access, this.faults.external, piece.physical + done);
    return false;
  }
}

const accessOf = (info: number): Access => (info & AccessInfo.write ? 'write' : 'read');

/** Whether an access reads before it writes, and says so when the read faults: an atomic, but no store exclusive. */
const readsFirst = (info: number): boolean =>
  (info & (AccessInfo.readWrite | AccessInfo.faultsAsWrite)) === AccessInfo.readWrite;

/** The kind of access in the report of a fault that a read would take, too. */
const refusedAs = (info: number): Access => (readsFirst(info) ? 'read' : accessOf(info));

const isMemory = (region: MemoryRegion | undefined): region is MemoryRegion & { readonly kind: 'ram' | 'rom' } =>
  region?.kind === 'ram' || region?.kind === 'rom';
