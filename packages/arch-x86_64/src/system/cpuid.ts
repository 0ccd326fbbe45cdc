import { State } from '@qvm/isa-x86_64';
import { Cr4 } from '../state/control-bits.js';
import type { X86State } from '../state/x86-state.js';
import { featureBits, signatureWord } from './cpu-model.js';
import type { X86Model } from './cpu-model.js';
import { areaBytes, AVX_BYTES, AVX_OFFSET, Component, supportedComponents } from './extended-state.js';
import { PHYSICAL_ADDRESS_BITS } from './mmu.js';

/** EAX, EBX, ECX, EDX. @experimental */
export type CpuidResult = readonly [eax: number, ebx: number, ecx: number, edx: number];

/** What CPUID says of the machine and not of the model. @experimental */
export interface CpuidMachine {
  /** Local APIC identifier of the vCPU. */
  readonly apicId: number;
  /** Number of vCPUs. */
  readonly vcpus: number;
  /** Frequency of the time-stamp counter in Hz. */
  readonly tscHz: number;
  /** Whether the local APIC is enabled (IA32_APIC_BASE). */
  apicEnabled(): boolean;
}

const [MAXIMUM, EXTENDED_MAXIMUM] = [0x16, 0x8000_0008];
const HYPERVISOR = 0x4000_0000;
const HYPERVISOR_MAXIMUM = 0x4000_0010;
/** Twelve characters in EBX, ECX and EDX. */
const HYPERVISOR_SIGNATURE = 'qvm qvm qvm ';
const [CLFLUSH_BYTES, LINEAR_BITS] = [64, 48];
const APIC = 1 << 9;
/** Leaf 7, EBX: FCS and FDS of x87 instructions are not kept, and are stored as 0. */
const NO_X87_SELECTORS = 1 << 13;
const OSXSAVE = 1 << 27;
const NOTHING: CpuidResult = [0, 0, 0, 0];
const KILO = 1000;
const MEGA = 1e6;

/** Four characters as a little-endian word. */
const word = (text: string, at: number): number =>
  [0, 1, 2, 3].reduce((bits, n) => bits | ((text.charCodeAt(at + n) || 0) << (n * 8)), 0) >>> 0;

/**
 * The instruction CPUID (SDM vol. 2, CPUID).
 *
 * @experimental
 */
export class Cpuid {
  constructor(
    private readonly state: X86State,
    private readonly model: X86Model,
    private readonly machine: CpuidMachine,
  ) {}

  /** The answer for a leaf and subleaf: EAX and ECX. A leaf beyond the maximum gives the data of the last basic one. */
  query(leaf: number, subleaf: number): CpuidResult {
    if (leaf >= HYPERVISOR && leaf <= HYPERVISOR + 0xff_ffff) return this.#hypervisor(leaf);
    if (leaf >= 0x8000_0000) return leaf <= EXTENDED_MAXIMUM ? this.#extended(leaf) : NOTHING;
    return leaf <= MAXIMUM ? this.#basic(leaf, subleaf) : NOTHING;
  }

  #basic(leaf: number, subleaf: number): CpuidResult {
    const { model, machine } = this;
    switch (leaf) {
      case 0:
        return [MAXIMUM, word(model.vendor, 0), word(model.vendor, 8), word(model.vendor, 4)];
      case 1:
        return this.#features();
      case 4:
        return subleaf < CACHES.length ? (CACHES[subleaf] as CpuidResult) : NOTHING;
      case 7:
        if (subleaf !== 0) return NOTHING;
        return [
          0,
          (featureBits(model, '7.ebx') | NO_X87_SELECTORS) >>> 0,
          featureBits(model, '7.ecx'),
          featureBits(model, '7.edx'),
        ];
      case 0xd:
        return this.#extendedState(subleaf);
      case 0xb:
        return this.#topology(subleaf);
      case 0x15:
        // The time-stamp counter runs at the rate of a crystal of the same frequency.
        return [1, 1, machine.tscHz, 0];
      case 0x16:
        return [machine.tscHz / MEGA, machine.tscHz / MEGA, 0, 0];
      default:
        return NOTHING;
    }
  }

  /** The area of XSAVE: its size for XCR0 as it is and at most, then the components (SDM vol. 1, 13.2). */
  #extendedState(subleaf: number): CpuidResult {
    const { model, state } = this;
    if (!model.features.has('xsave')) return NOTHING;
    const supported = supportedComponents(model.features);
    const enabled = areaBytes(state.u32(State.xcr0));
    if (subleaf === 0) return [supported, enabled, areaBytes(supported), 0];
    if (subleaf === 1) return [featureBits(model, 'd.1.eax'), enabled, 0, 0];
    return subleaf === 2 && supported & Component.Avx ? [AVX_BYTES, AVX_OFFSET, 0, 0] : NOTHING;
  }

  #features(): CpuidResult {
    const { model, machine, state } = this;
    const osxsave = state.u32(State.cr4) & Cr4.OSXSAVE ? OSXSAVE : 0;
    const edx = featureBits(model, '1.edx') & (machine.apicEnabled() ? ~0 : ~APIC);
    const ebx = ((machine.apicId << 24) | (machine.vcpus << 16) | ((CLFLUSH_BYTES / 8) << 8)) >>> 0;
    return [signatureWord(model), ebx, (featureBits(model, '1.ecx') | osxsave) >>> 0, edx >>> 0];
  }

  /** Every vCPU is a core of one package. */
  #topology(subleaf: number): CpuidResult {
    const { apicId, vcpus } = this.machine;
    const coreBits = Math.ceil(Math.log2(vcpus));
    if (subleaf === 0) return [0, 1, (1 << 8) | subleaf, apicId];
    if (subleaf === 1) return [coreBits, vcpus, (2 << 8) | subleaf, apicId];
    return [0, 0, subleaf, apicId];
  }

  #hypervisor(leaf: number): CpuidResult {
    if (!this.model.features.has('hypervisor')) return NOTHING;
    const text = HYPERVISOR_SIGNATURE;
    if (leaf === HYPERVISOR) return [HYPERVISOR_MAXIMUM, word(text, 0), word(text, 4), word(text, 8)];
    // Frequencies of the time-stamp counter and of the local APIC's timer in kHz.
    return leaf === HYPERVISOR_MAXIMUM ? [this.machine.tscHz / KILO, 0, 0, 0] : NOTHING;
  }

  #extended(leaf: number): CpuidResult {
    const { model } = this;
    switch (leaf - 0x8000_0000) {
      case 0:
        return [EXTENDED_MAXIMUM, 0, 0, 0];
      case 1:
        return [0, 0, featureBits(model, '80000001.ecx'), featureBits(model, '80000001.edx')];
      case 2:
      case 3:
      case 4: {
        const at = (leaf - 0x8000_0002) * 16;
        const { brand } = model;
        return [word(brand, at), word(brand, at + 4), word(brand, at + 8), word(brand, at + 12)];
      }
      case 7:
        // The time-stamp counter has a constant rate.
        return [0, 0, 0, 1 << 8];
      case 8:
        return [(LINEAR_BITS << 8) | PHYSICAL_ADDRESS_BITS, 0, 0, 0];
      default:
        return NOTHING;
    }
  }
}

/** Leaf 4: caches of 32 KiB data, 32 KiB instructions and 4 MiB, with lines of 64 bytes. */
const CACHES: readonly CpuidResult[] = [cache(1, 1, 8, 64), cache(2, 1, 8, 64), cache(3, 2, 16, 4096)];

function cache(type: number, level: number, ways: number, sets: number): CpuidResult {
  return [(1 << 8) | (level << 5) | type, (((ways - 1) << 22) | (CLFLUSH_BYTES - 1)) >>> 0, sets - 1, 0];
}
