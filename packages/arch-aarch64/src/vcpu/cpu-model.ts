import { BREAKPOINTS, registerNamed, WATCHPOINTS } from '@qvm/isa-aarch64';
import { MODEL_NAME } from '../names.js';
import type { Aarch64State } from './aarch64-state.js';

/**
 * A CPU model: the values of the identification registers. They report no feature that is not implemented.
 *
 * @experimental
 */
export interface CpuModel {
  /** Name of the core, such as `cortex-a53`. */
  readonly name: string;
  /** Values of the identification registers, by name in the manual. */
  readonly registers: Readonly<Record<string, bigint>>;
  /** Writes the identification registers of one vCPU. */
  writeRegisters(state: Aarch64State, affinity: bigint): void;
}

/** Fields of an ID register: `[lowest bit, value]`. */
const fields = (...list: readonly (readonly [number, number])[]): bigint =>
  list.reduce((all, [shift, value]) => all | (BigInt(value) << BigInt(shift)), 0n);

/**
 * An ARMv8.0 core of the Cortex-A57's class with the later extensions that the instruction tables implement.
 * Implementer 0 is reserved for software use, so guests apply no workaround for an erratum of a silicon core.
 *
 * @experimental
 */
export const genericModel: CpuModel = makeModel(MODEL_NAME, {
  MIDR_EL1: 0x000f_0510n,
  // EL0 and EL1 in AArch64; FP and Advanced SIMD; GIC system registers; CSV2_3 and CSV3: no speculation from the
  // guest's branches and faults.
  ID_AA64PFR0_EL1: fields([0, 1], [4, 1], [24, 1], [56, 3], [60, 1]),
  // Debug v8, PMUv3; the last breakpoint also compares contexts.
  ID_AA64DFR0_EL1: fields([0, 6], [8, 1], [12, BREAKPOINTS - 1], [20, WATCHPOINTS - 1]),
  // AES with PMULL, SHA1, SHA2 (256), CRC32, LSE, RDM, DotProd.
  ID_AA64ISAR0_EL1: fields([4, 2], [8, 1], [12, 1], [16, 1], [20, 2], [28, 1], [44, 1]),
  // JSCVT, FCMA, LRCPC.
  ID_AA64ISAR1_EL1: fields([12, 1], [16, 1], [20, 1]),
  // 44-bit physical addresses, 16-bit ASIDs, granules of 4, 16 and 64 KiB.
  ID_AA64MMFR0_EL1: fields([0, 4], [4, 2], [20, 1]),
  CLIDR_EL1: 0x0a20_0023n,
  DBGAUTHSTATUS_EL1: 0n,
});

function makeModel(name: string, registers: Readonly<Record<string, bigint>>): CpuModel {
  return {
    name,
    registers,
    writeRegisters: (state, affinity) => {
      for (const [register, value] of Object.entries(registers)) state.setU64(registerNamed(register).offset, value);
      // Bit 31 is RES1. U is 0, so a single vCPU is identified as part of a multiprocessor.
      state.setU64(registerNamed('MPIDR_EL1').offset, 0x8000_0000n | affinity);
    },
  };
}
