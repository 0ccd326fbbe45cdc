import type { PhysicalMap } from '@qvm/core/architecture';
import { EngineState, isCanonicalHigh, PAGE_BITS, TlbEntry } from '@qvm/jit';
import type { RecordPlan } from '@qvm/jit';
import type { CodeCache } from '../code/code-cache.js';
import { fromHalves } from '../halves.js';
import type { AddressTranslation, EngineFaults } from '../memory/address-translation.js';
import { PAGE_BYTES, pageOf } from '../memory/page.js';
import type { SoftTlb } from '../memory/soft-tlb.js';
import type { CpuState } from './cpu-state.js';

/** A fetch that failed. @experimental */
export interface FetchFault {
  /**
   * Virtual address of the first byte that could not be fetched, low and high word, unsigned. It is the address of the
   * instruction, unless {@link FetchFault.straddles}.
   */
  readonly lo: number;
  /** See {@link FetchFault.lo}. */
  readonly hi: number;
  /** Kind of fault, a value of the architecture. */
  readonly status: number;
  /** Whether the instruction begins in the page before, which could be fetched. */
  readonly straddles: boolean;
}

/**
 * The program counter of a vCPU: finds the record of the next instruction.
 *
 * @experimental
 */
export class FetchUnit {
  /** The fault of the fetch at the program counter. A jump clears it. */
  fault: FetchFault | undefined;
  /** Number of the mode in which instructions are fetched. */
  #mode = 0;
  #plan: RecordPlan | undefined;
  /** Whether the present record must be looked up again. */
  #stale = false;

  constructor(
    private readonly state: CpuState,
    private readonly tlb: SoftTlb,
    private readonly code: CodeCache,
    private readonly map: PhysicalMap,
    private readonly mmu: AddressTranslation,
    private readonly faults: EngineFaults,
  ) {}

  /** Virtual address of the next instruction, 64 bits, unsigned. */
  get pc(): bigint {
    const target = this.#target;
    return target ? fromHalves(target.lo, target.hi) : this.state.pc;
  }

  /** Low and high half of {@link FetchUnit.pc}, unsigned. */
  get pcLo(): number {
    return this.#target?.lo ?? this.state.pcLo;
  }

  /** Bits 63–32 of {@link FetchUnit.pc}. */
  get pcHi(): number {
    return this.#target?.hi ?? this.state.pcHi;
  }

  /** Sets the program counter. If the fetch faults, {@link FetchUnit.fault} is set. */
  jump(target: bigint): void {
    const pc = this.#isCanonical(Number(BigInt.asIntN(32, target >> 32n))) ? target : this.mmu.branchTarget(target);
    this.#jump(Number(pc & 0xffff_ffffn), Number(pc >> 32n));
  }

  /** As {@link FetchUnit.jump}, with an address in two halves. */
  jumpTo(lo: number, hi: number): void {
    if (this.#isCanonical(hi)) this.#jump(lo, hi);
    else this.jump(fromHalves(lo, hi));
  }

  /** Fetches in another mode, from the next jump or {@link FetchUnit.refresh} on. */
  setMode(mode: number): void {
    this.#mode = mode;
    this.#plan = undefined;
    this.#stale = true;
  }

  /** The page of the present instruction has been mapped elsewhere or released: it must be fetched again. */
  invalidate(): void {
    this.#stale = true;
  }

  /** Must be called before guest code continues: fetches the present instruction again if that is necessary. */
  refresh(): void {
    if (this.#stale && !this.fault) this.jump(this.state.pc);
  }

  /** Sets the power-on state: nothing has been fetched. */
  reset(): void {
    this.fault = undefined;
    this.#stale = false;
  }

  /** Repeats the fetch that faulted. */
  retry(): void {
    if (this.fault) this.#jump(this.pcLo, this.pcHi);
  }

  /**
   * Fetches the second part of the present instruction, which continues in the next page (`ExitReason.Straddle`). If
   * that faults, {@link FetchUnit.fault} is set.
   */
  straddle(): void {
    const { lo, hi } = this.#nextPage;
    const code = this.#codeFor(lo, hi, true);
    if (code !== 0) this.code.decodeStraddling(this.state.u32(EngineState.ip), code);
  }

  /** Up to `count` bytes at the present instruction. Those of the next page are absent if the TLB does not have it. */
  bytes(count: number): Uint8Array {
    const { lo, hi } = this.#nextPage;
    const next = this.tlb.codeFor(this.state.u32(EngineState.bank), lo, hi);
    return this.code.bytesAt(this.state.u32(EngineState.ip), count, next);
  }

  /** Virtual address of the page after that of the present instruction, as generated code computes it. */
  get #nextPage(): { readonly lo: number; readonly hi: number } {
    const { pcLo, pcHi } = this.state;
    const lo = (((pcLo | (PAGE_BYTES - 1)) >>> 0) + 1) >>> 0;
    return { lo, hi: lo === 0 ? (pcHi + 1) >>> 0 : pcHi };
  }

  /** The address of an instruction that could not be fetched at all. */
  get #target(): FetchFault | undefined {
    return this.fault?.straddles ? undefined : this.fault;
  }

  /** Whether an address with this high half is canonical. */
  #isCanonical(hi: number): boolean {
    return isCanonicalHigh(this.#records.geometry, hi);
  }

  #jump(lo: number, hi: number): void {
    this.fault = undefined;
    if (lo & (this.#records.geometry.unit - 1)) {
      this.fault = { lo, hi, status: this.faults.alignment, straddles: false };
      return;
    }
    const code = this.#codeFor(lo, hi, false);
    if (code === 0) return;
    const record = this.code.recordFor(code, lo & (PAGE_BYTES - 1));
    // The slot of the page was full and has been released: the page gets another.
    if (record === 0) this.#jump(lo, hi);
    else {
      this.state.moveTo(record, lo, hi, this.#records);
      this.#stale = false;
    }
  }

  /** The layout of the mode's records, known from the first fetch on, because the interpreter must be compiled. */
  get #records(): RecordPlan {
    return (this.#plan ??= this.code.planOf(this.#mode));
  }

  /** Address of the slot of an address's page; 0 if the fetch faults. */
  #codeFor(lo: number, hi: number, straddles: boolean): number {
    const bank = this.state.u32(EngineState.bank);
    return this.tlb.codeFor(bank, lo, hi) || this.#fetch(bank, lo, hi, straddles);
  }

  #fetch(bank: number, lo: number, hi: number, straddles: boolean): number {
    const { mmu, tlb } = this;
    if (!this.#translate(lo, hi)) return this.#refuse(lo, hi, mmu.fault, straddles);
    const page = pageOf(mmu.physical);
    const region = this.map.find(page);
    if (!region || (region.kind !== 'ram' && region.kind !== 'rom'))
      return this.#refuse(lo, hi, this.faults.external, straddles);
    const code = this.code.codeOf(page, region, this.#mode);
    const e = tlb.entry(bank, lo, hi, region.offset + (page - region.base), mmu.local);
    tlb.setCode(e, code);
    tlb.setTag(e, TlbEntry.execTag, lo, hi);
    if (mmu.blockBits > PAGE_BITS) tlb.noteBlock((hi & 0xffff) * 2 ** 32 + lo, mmu.blockBits);
    return code;
  }

  #translate(lo: number, hi: number): boolean {
    const { mmu } = this;
    if (this.#isCanonical(hi)) return mmu.translate(lo, hi, 'execute', mmu.privileged);
    // The page after the last one of the address space. Its TLB entry has the address that generated code looks for.
    const to = mmu.branchTarget(fromHalves(lo, hi));
    return mmu.translate(Number(to & 0xffff_ffffn), Number(to >> 32n), 'execute', mmu.privileged);
  }

  #refuse(lo: number, hi: number, status: number, straddles: boolean): 0 {
    this.fault = { lo, hi, status, straddles };
    return 0;
  }
}
