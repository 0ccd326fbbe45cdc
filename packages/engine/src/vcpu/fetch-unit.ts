import type { PhysicalMap } from '@qvm/core/architecture';
import { EngineState, PAGE_BITS, TlbEntry } from '@qvm/jit';
import type { CodeCache } from '../code/code-cache.js';
import { fromHalves } from '../halves.js';
import type { AddressTranslation, EngineFaults } from '../memory/address-translation.js';
import { PAGE_BYTES, pageOf } from '../memory/page.js';
import type { SoftTlb } from '../memory/soft-tlb.js';
import type { CpuState } from './cpu-state.js';

/** A fetch that failed. @experimental */
export interface FetchFault {
  /** Virtual address, low and high word, unsigned. */
  readonly lo: number;
  /** See {@link FetchFault.lo}. */
  readonly hi: number;
  /** Kind of fault, a value of the architecture. */
  readonly status: number;
}

/**
 * The program counter of a vCPU: finds the record of the next instruction.
 *
 * @experimental
 */
export class FetchUnit {
  /** The fault of the fetch at the program counter. A jump clears it. */
  fault: FetchFault | undefined;

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
    return this.fault ? fromHalves(this.fault.lo, this.fault.hi) : this.state.pc;
  }

  /** Low and high half of {@link FetchUnit.pc}, unsigned. */
  get pcLo(): number {
    return this.fault ? this.fault.lo : this.state.pcLo;
  }

  /** Bits 63–32 of {@link FetchUnit.pc}. */
  get pcHi(): number {
    return this.fault ? this.fault.hi : this.state.pcHi;
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

  /** Finds the present instruction again after its page has been mapped elsewhere. */
  again(): void {
    if (!this.fault) this.jump(this.state.pc);
  }

  /** Repeats the fetch that faulted. */
  retry(): void {
    if (this.fault) this.#jump(this.fault.lo, this.fault.hi);
  }

  /** Whether an address with this high half is canonical. */
  #isCanonical(hi: number): boolean {
    const top = hi >> (this.code.geometry.addressBits - 33);
    return top === 0 || top === -1;
  }

  #jump(lo: number, hi: number): void {
    this.fault = undefined;
    if (lo & (this.code.geometry.unit - 1)) {
      this.fault = { lo, hi, status: this.faults.alignment };
      return;
    }
    const { state } = this;
    const bank = state.u32(EngineState.bank);
    const code = this.tlb.codeFor(bank, lo, hi) || this.#fetch(bank, lo, hi);
    if (code === 0) return;
    const record = this.code.recordFor(code, lo & (PAGE_BYTES - 1));
    // The slot of the page was full and has been released: the page gets another.
    if (record === 0) this.#jump(lo, hi);
    else state.moveTo(record, lo, hi);
  }

  #fetch(bank: number, lo: number, hi: number): number {
    const { mmu, tlb } = this;
    if (!mmu.translate(lo, hi, 'execute', mmu.privileged)) {
      this.fault = { lo, hi, status: mmu.fault };
      return 0;
    }
    const page = pageOf(mmu.physical);
    const region = this.map.find(page);
    if (!region || (region.kind !== 'ram' && region.kind !== 'rom')) {
      this.fault = { lo, hi, status: this.faults.external };
      return 0;
    }
    const code = this.code.codeOf(page, region);
    const e = tlb.entry(bank, lo, hi, region.offset + (page - region.base), mmu.local);
    tlb.setCode(e, code);
    tlb.setTag(e, TlbEntry.execTag, lo, hi);
    if (mmu.blockBits > PAGE_BITS) tlb.noteBlock((hi & 0xffff) * 2 ** 32 + lo, mmu.blockBits);
    return code;
  }
}
