import type { VmMemory } from '@qvm/core/architecture';
import type { AccessFault, MemoryPort } from '@qvm/engine';
import { State, Vector } from '@qvm/isa-x86_64';
import { AccessInfo, EngineState, PAGE_BITS, TLB_ENTRIES, TlbEntry } from '@qvm/jit';
import type { Controls } from '../state/controls.js';
import type { X86State } from '../state/x86-state.js';
import { FaultStatus } from './fault-status.js';
import type { GuestFault } from './guest-fault.js';
import type { Mmu } from './mmu.js';

const TWO_32 = 2 ** 32;
const PAGE_BYTES = 1 << PAGE_BITS;
const OFFSET_MASK = PAGE_BYTES - 1;

/** Sizes of accesses in bytes. @experimental */
export type Width = 1 | 2 | 4 | 8;

/**
 * With whose rights an access is made: of the program, or of the processor itself, which accesses descriptor tables,
 * task-state segments and the stacks of exceptions as a supervisor (SDM vol. 3, 4.6).
 *
 * @experimental
 */
export enum Rights {
  Program,
  Processor,
}

/** The low word of a linear address. Addresses are canonical, as signed numbers. @experimental */
export const lowWord = (address: number): number => address >>> 0;
/** The high word of a linear address. @experimental */
export const highWord = (address: number): number => Math.floor(address / TWO_32) >>> 0;
/** The linear address of two words. @experimental */
export const fromWords = (lo: number, hi: number): number => (hi | 0) * TWO_32 + lo;

/** The engine's slow path, as far as it is used here. @experimental */
export type AccessPort = Pick<MemoryPort, 'open' | 'flush' | 'begin'> & { readonly fault: Readonly<AccessFault> };

/**
 * Accesses to linear addresses that the processor makes outside of generated code. Each function returns false with the
 * exception in `fault` if the access is not possible. In legacy modes addresses wrap at 4 GiB.
 *
 * @experimental
 */
export class LinearMemory {
  /** Result of the last read: the low 32 bits. */
  lo = 0;
  /** Bits 63–32 of the last read; 0 for narrower ones. */
  hi = 0;
  readonly #u32: Uint32Array;
  readonly #u8: Uint8Array;
  readonly #data: DataView;

  constructor(
    memory: VmMemory,
    private readonly state: X86State,
    private readonly port: AccessPort,
    private readonly mmu: Mmu,
    private readonly controls: Controls,
    private readonly fault: GuestFault,
  ) {
    this.#u32 = memory.u32;
    this.#u8 = memory.u8;
    this.#data = memory.data;
  }

  /** Reads into {@link LinearMemory.lo} and {@link LinearMemory.hi}, zero-extended. */
  read(address: number, width: Width, rights = Rights.Program): boolean {
    const at = this.#open(address, width, false, rights);
    if (at === 0) return false;
    this.hi = 0;
    if (width === 8) {
      this.lo = this.#data.getUint32(at, true);
      this.hi = this.#data.getUint32(at + 4, true);
    } else if (width === 4) this.lo = this.#data.getUint32(at, true);
    else if (width === 2) this.lo = this.#data.getUint16(at, true);
    else this.lo = this.#u8[at] as number;
    return true;
  }

  /** Writes the low bytes of two words. */
  write(address: number, width: Width, lo: number, hi = 0, rights = Rights.Program): boolean {
    const at = this.#open(address, width, true, rights);
    if (at === 0) return false;
    if (width === 8) {
      this.#data.setUint32(at, lo, true);
      this.#data.setUint32(at + 4, hi, true);
    } else if (width === 4) this.#data.setUint32(at, lo, true);
    else if (width === 2) this.#data.setUint16(at, lo, true);
    else this.#u8[at] = lo;
    this.port.flush();
    this.port.begin();
    return true;
  }

  /** Whether a range of at most a page can be written, without writing. */
  probeWrite(address: number, bytes: number, rights = Rights.Program): boolean {
    const last = address + bytes - 1;
    if (!this.#probe(address, rights)) return false;
    return (address & -PAGE_BYTES) === (last & -PAGE_BYTES) || this.#probe(last - (last & OFFSET_MASK), rights);
  }

  /** Sets and clears bits of a byte atomically, with the rights of the processor. */
  changeByte(address: number, clear: number, set: number): boolean {
    const at = this.#open(address, 1, true, Rights.Processor);
    if (at === 0) return false;
    if (set !== 0) Atomics.or(this.#u8, at, set);
    if (clear !== 0) Atomics.and(this.#u8, at, ~clear);
    this.port.flush();
    this.port.begin();
    return true;
  }

  #probe(address: number, rights: Rights): boolean {
    const possible = this.#open(address, 1, true, rights) !== 0;
    this.port.begin();
    return possible;
  }

  /** VM memory offset of an access, or 0 with the fault set. */
  #open(address: number, width: Width, write: boolean, rights: Rights): number {
    const lo = lowWord(address);
    const hi = this.state.longMode ? highWord(address) : 0;
    if (rights === Rights.Program) return this.#openWith(lo, hi, width, write);
    const { state, mmu } = this;
    const bank = state.u32(State.bank);
    const alignment = state.u32(State.alignmentCheck);
    state.setU32(State.bank, this.controls.supervisorBank);
    state.setU32(State.alignmentCheck, 0);
    mmu.implicit = true;
    const at = this.#openWith(lo, hi, width, write);
    mmu.implicit = false;
    state.setU32(State.alignmentCheck, alignment);
    state.setU32(State.bank, bank);
    return at;
  }

  #openWith(lo: number, hi: number, width: Width, write: boolean): number {
    const found = this.#find(lo, hi, width, write);
    if (found !== 0) return found;
    this.state.setHalves(EngineState.address, lo, hi);
    const shift = Math.log2(width) << AccessInfo.elementShift;
    const at = this.port.open(width | (write ? AccessInfo.write : 0) | shift);
    if (at === 0) this.#report(this.port.fault);
    else if (!write) this.port.begin();
    return at;
  }

  /** Looks an aligned access up in the software TLB; 0 if it is not there. */
  #find(lo: number, hi: number, width: number, write: boolean): number {
    if ((lo & (width - 1)) !== 0) return 0;
    const u = this.#u32;
    const entry = (this.state.u32(State.bank) + ((lo >>> PAGE_BITS) & (TLB_ENTRIES - 1)) * TlbEntry.bytes) >>> 2;
    const tag = entry + (write ? TlbEntry.writeTag : TlbEntry.readTag) / 4;
    if (u[tag] !== (lo & -PAGE_BYTES) >>> 0 || u[tag + 1] !== hi) return 0;
    return (lo + (u[entry + TlbEntry.addend / 4] as number)) >>> 0;
  }

  #report({ status, lo, hi }: Readonly<AccessFault>): void {
    reportAccessFault(this.fault, status, lo, hi, Vector.GP);
  }
}

/**
 * Sets the exception for a refused access.
 *
 * @param segmentVector - #SS for accesses to the stack, otherwise #GP.
 * @experimental
 */
export function reportAccessFault(
  fault: GuestFault,
  status: number,
  lo: number,
  hi: number,
  segmentVector: Vector.GP | Vector.SS,
): false {
  if (status >= FaultStatus.Page) return fault.page(status & (FaultStatus.Page - 1), lo, hi);
  if (status === FaultStatus.Alignment) return fault.raise(Vector.AC, 0);
  return fault.raise(segmentVector, 0);
}
