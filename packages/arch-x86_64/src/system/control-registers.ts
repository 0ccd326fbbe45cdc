import { SegmentRegister, State } from '@qvm/isa-x86_64';
import { Attribute } from '../state/attributes.js';
import { Cr0, Cr4, Efer } from '../state/control-bits.js';
import type { Core } from '../vcpu/core.js';
import type { FeatureName } from './features.js';
import { PHYSICAL_ADDRESS_BITS } from './mmu.js';
import { PagingMode } from './paging-mode.js';
import type { Mmu } from './mmu.js';
import type { TlbBanks } from './tlb-banks.js';

/** The bits of CR0 that exist; ET is always 1. */
const CR0_BITS = Cr0.PE | Cr0.MP | Cr0.EM | Cr0.TS | Cr0.ET | Cr0.NE | Cr0.WP | Cr0.AM | Cr0.NW | Cr0.CD | Cr0.PG;
/** Changes of these bits change translations (SDM vol. 3, 4.10.4.1). */
const CR0_TRANSLATION = Cr0.PE | Cr0.WP | Cr0.PG;
const CR4_TRANSLATION = Cr4.PSE | Cr4.PAE | Cr4.PGE | Cr4.PCIDE | Cr4.SMEP | Cr4.SMAP;
/** Changes of these bits reload the PDPTE registers (SDM vol. 3, 4.4.1). */
const CR4_PDPTE = Cr4.PSE | Cr4.PAE | Cr4.PGE | Cr4.SMEP;
/** The bits of CR4 that a feature brings. */
const CR4_FEATURES: readonly (readonly [FeatureName, number])[] = [
  ['vme', Cr4.VME | Cr4.PVI],
  ['tsc', Cr4.TSD],
  ['de', Cr4.DE],
  ['pse', Cr4.PSE],
  ['pae', Cr4.PAE],
  ['mce', Cr4.MCE],
  ['pge', Cr4.PGE],
  ['msr', Cr4.PCE],
  ['fxsr', Cr4.OSFXSR],
  ['sse', Cr4.OSXMMEXCPT],
  ['fsgsbase', Cr4.FSGSBASE],
  ['pcid', Cr4.PCIDE],
  ['xsave', Cr4.OSXSAVE],
  ['smep', Cr4.SMEP],
  ['smap', Cr4.SMAP],
];
const PCID_MASK = 0xfff;
const ABOVE_ADDRESS = ~((1 << (PHYSICAL_ADDRESS_BITS - 32)) - 1);
/** Bit 63 of the source of MOV to CR3: translations are kept. */
const KEEP = 0x8000_0000;
const MSW_BITS = Cr0.PE | Cr0.MP | Cr0.EM | Cr0.TS;

/**
 * Writes to CR0, CR3, CR4 and IA32_EFER, with their checks and what follows (SDM vol. 3, 2.5, 4.1, 4.10.4 and 10.8.5).
 *
 * @experimental
 */
export class ControlRegisters {
  readonly #cr4Bits: number;
  readonly #eferBits: number;

  constructor(
    private readonly core: Core,
    private readonly mmu: Mmu,
    private readonly banks: TlbBanks,
    features: ReadonlySet<FeatureName>,
  ) {
    this.#cr4Bits = CR4_FEATURES.reduce((bits, [name, of]) => (features.has(name) ? bits | of : bits), 0);
    this.#eferBits =
      (features.has('syscall') ? Efer.SCE : 0) |
      (features.has('lm') ? Efer.LME | Efer.LMA : 0) |
      (features.has('nx') ? Efer.NXE : 0);
  }

  /** MOV to CR0. `hi` must be 0. */
  writeCr0(lo: number, hi: number): boolean {
    const { state, fault } = this.core;
    const value = (lo & CR0_BITS) | Cr0.ET;
    const paging = (value & Cr0.PG) !== 0;
    if (hi !== 0 || (value & Cr0.NW && !(value & Cr0.CD)) || (paging && !(value & Cr0.PE))) return fault.protection();
    const old = state.u32(State.cr0);
    const changed = old ^ value;
    const efer = state.u32(State.efer);
    if (changed & Cr0.PG && !this.#mayChangePaging(paging, efer)) return fault.protection();
    const entersPae = paging && (state.u32(State.cr4) & Cr4.PAE) !== 0 && !(efer & Efer.LME);
    if (changed & (Cr0.PG | Cr0.CD | Cr0.NW) && entersPae && !this.mmu.loadPdptes(state.u32(State.cr3)))
      return fault.protection();
    state.setHalves(State.cr0, value >>> 0, 0);
    if (efer & Efer.LME) state.setU32(State.efer, paging ? efer | Efer.LMA : efer & ~Efer.LMA);
    if (changed & Cr0.PG) state.refreshBases();
    this.#changed((changed & CR0_TRANSLATION) !== 0);
    return true;
  }

  /** LMSW: PE can be set, but not cleared. */
  loadMachineStatus(value: number): boolean {
    const { state } = this.core;
    const old = state.u32(State.cr0);
    return this.writeCr0((old & ~(MSW_BITS & ~Cr0.PE)) | (value & MSW_BITS), 0);
  }

  /** CLTS. */
  clearTaskSwitched(): void {
    const { state, controls } = this.core;
    state.setU32(State.cr0, state.u32(State.cr0) & ~Cr0.TS);
    controls.refreshTraps();
  }

  /** MOV to CR3 (SDM vol. 3, 4.10.4.1). */
  writeCr3(lo: number, hi: number): boolean {
    const { state, fault, controls } = this.core;
    const pcids = (state.u32(State.cr4) & Cr4.PCIDE) !== 0;
    const keep = pcids && (hi & KEEP) !== 0;
    const high = pcids ? hi & ~KEEP : hi;
    if (state.longMode && high & ABOVE_ADDRESS) return fault.protection();
    if (this.mmu.mode === PagingMode.Pae && !this.mmu.loadPdptes(lo)) return fault.protection();
    state.setHalves(State.cr3, lo, state.longMode ? high : 0);
    if (!keep) this.banks.flushContext(pcids ? lo & PCID_MASK : 0);
    this.mmu.refresh();
    controls.select();
    return true;
  }

  /** MOV to CR4. */
  writeCr4(lo: number, hi: number): boolean {
    const { state, fault } = this.core;
    const old = state.u32(State.cr4);
    const changed = old ^ lo;
    if (hi !== 0 || lo & ~this.#cr4Bits) return fault.protection();
    if (state.longMode && !(lo & Cr4.PAE)) return fault.protection();
    const enablesPcids = (changed & lo & Cr4.PCIDE) !== 0;
    if (enablesPcids && (!state.longMode || state.u32(State.cr3) & PCID_MASK)) return fault.protection();
    const pae = state.u32(State.cr0) & Cr0.PG && lo & Cr4.PAE && !state.longMode;
    if (pae && changed & CR4_PDPTE && !this.mmu.loadPdptes(state.u32(State.cr3))) return fault.protection();
    state.setHalves(State.cr4, lo, 0);
    this.#changed((changed & CR4_TRANSLATION) !== 0);
    return true;
  }

  /** WRMSR to IA32_EFER. LMA cannot be written. */
  writeEfer(lo: number, hi: number): boolean {
    const { state, fault } = this.core;
    const old = state.u32(State.efer);
    const paging = (state.u32(State.cr0) & Cr0.PG) !== 0;
    if (hi !== 0 || lo & ~this.#eferBits || (paging && (old ^ lo) & Efer.LME)) return fault.protection();
    const value = (lo & ~Efer.LMA) | (old & Efer.LMA);
    state.setHalves(State.efer, value, 0);
    this.#changed(((old ^ value) & Efer.NXE) !== 0);
    return true;
  }

  #mayChangePaging(on: boolean, efer: number): boolean {
    const { state } = this.core;
    const cr4 = state.u32(State.cr4);
    if (!on) return !state.mode64 && !(cr4 & Cr4.PCIDE);
    if (!(efer & Efer.LME)) return true;
    // IA-32e mode begins in compatibility mode.
    return (cr4 & Cr4.PAE) !== 0 && !(state.attributes(SegmentRegister.CS) & Attribute.L);
  }

  #changed(translation: boolean): void {
    if (translation) this.banks.flushAll();
    this.core.controls.refresh();
  }
}
