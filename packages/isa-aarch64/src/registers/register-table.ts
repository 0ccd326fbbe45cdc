import { State } from '../builder/layout.js';

/** Permitted accesses to a register: `-` none, `r` read, `w` write, `rw` both. @experimental */
export type RegisterAccess = '-' | 'r' | 'w' | 'rw';

/**
 * A system register.
 *
 * @experimental
 */
export interface SystemRegister {
  /** Name in the Arm ARM. */
  readonly name: string;
  /** op0:2, op1:3, CRn:4, CRm:4, op2:3: bits 20–5 of MRS and MSR. */
  readonly encoding: number;
  /** Access from EL0. */
  readonly el0: RegisterAccess;
  /** Access from EL1. */
  readonly el1: RegisterAccess;
  /** Offset of its storage in the vCPU's state. */
  readonly offset: number;
  /**
   * `plain`: generated code reads and writes the storage. `checked`: generated code reads the storage, writes have side
   * effects. `special`: the vCPU handles reads and writes. `attached`: a vdev handles reads and writes.
   */
  readonly kind: 'plain' | 'checked' | 'special' | 'attached';
}

type Line = readonly [name: string, op0: number, op1: number, CRn: number, CRm: number, op2: number, el0: RegisterAccess, el1: RegisterAccess, kind: SystemRegister['kind']];

/** Encoding key of a system register or system instruction. @experimental */
export const systemEncoding = (op0: number, op1: number, CRn: number, CRm: number, op2: number): number =>
  (op0 << 14) | (op1 << 11) | (CRn << 7) | (CRm << 3) | op2;

/**
 * Hardware breakpoints: the least that there may be (ID_AA64DFR0_EL1.BRPs).
 *
 * @experimental
 */
export const BREAKPOINTS = 2;
/**
 * Watchpoints: the least that there may be (ID_AA64DFR0_EL1.WRPs).
 *
 * @experimental
 */
export const WATCHPOINTS = 2;

/**
 * Event counters of the performance monitors (PMCR_EL0.N).
 *
 * @experimental
 */
export const EVENT_COUNTERS = 6;

/** Registers of one kind at consecutive `op2` or `CRm`: breakpoints, watchpoints, active priorities. */
function family(count: number, line: (n: number) => Line): Line[] {
  return Array.from({ length: count }, (_, n) => line(n));
}

const LINES: readonly Line[] = [
  // Identification (D19.2). The CPU model defines their values, which are written at reset.
  ['MIDR_EL1', 3, 0, 0, 0, 0, '-', 'r', 'plain'],
  ['MPIDR_EL1', 3, 0, 0, 0, 5, '-', 'r', 'plain'],
  ['REVIDR_EL1', 3, 0, 0, 0, 6, '-', 'r', 'plain'],
  ...(['ID_PFR0', 'ID_PFR1', 'ID_DFR0', 'ID_AFR0', 'ID_MMFR0', 'ID_MMFR1', 'ID_MMFR2', 'ID_MMFR3'] as const).map((n, i): Line => [`${n}_EL1`, 3, 0, 0, 1, i, '-', 'r', 'plain']),
  ...(['ID_ISAR0', 'ID_ISAR1', 'ID_ISAR2', 'ID_ISAR3', 'ID_ISAR4', 'ID_ISAR5', 'ID_MMFR4', 'ID_ISAR6'] as const).map((n, i): Line => [`${n}_EL1`, 3, 0, 0, 2, i, '-', 'r', 'plain']),
  ...(['MVFR0', 'MVFR1', 'MVFR2', 'ID_RES_0_3_3', 'ID_PFR2', 'ID_DFR1', 'ID_MMFR5', 'ID_RES_0_3_7'] as const).map((n, i): Line => [`${n}_EL1`, 3, 0, 0, 3, i, '-', 'r', 'plain']),
  ...(['ID_AA64PFR0', 'ID_AA64PFR1', 'ID_RES_0_4_2', 'ID_RES_0_4_3', 'ID_AA64ZFR0', 'ID_AA64SMFR0', 'ID_RES_0_4_6', 'ID_RES_0_4_7'] as const).map((n, i): Line => [`${n}_EL1`, 3, 0, 0, 4, i, '-', 'r', 'plain']),
  ...(['ID_AA64DFR0', 'ID_AA64DFR1', 'ID_RES_0_5_2', 'ID_RES_0_5_3', 'ID_AA64AFR0', 'ID_AA64AFR1', 'ID_RES_0_5_6', 'ID_RES_0_5_7'] as const).map((n, i): Line => [`${n}_EL1`, 3, 0, 0, 5, i, '-', 'r', 'plain']),
  ...(['ID_AA64ISAR0', 'ID_AA64ISAR1', 'ID_AA64ISAR2', 'ID_RES_0_6_3', 'ID_RES_0_6_4', 'ID_RES_0_6_5', 'ID_RES_0_6_6', 'ID_RES_0_6_7'] as const).map((n, i): Line => [`${n}_EL1`, 3, 0, 0, 6, i, '-', 'r', 'plain']),
  ...(['ID_AA64MMFR0', 'ID_AA64MMFR1', 'ID_AA64MMFR2', 'ID_RES_0_7_3', 'ID_RES_0_7_4', 'ID_RES_0_7_5', 'ID_RES_0_7_6', 'ID_RES_0_7_7'] as const).map((n, i): Line => [`${n}_EL1`, 3, 0, 0, 7, i, '-', 'r', 'plain']),
  ['CCSIDR_EL1', 3, 1, 0, 0, 0, '-', 'r', 'special'],
  ['CLIDR_EL1', 3, 1, 0, 0, 1, '-', 'r', 'plain'],
  ['AIDR_EL1', 3, 1, 0, 0, 7, '-', 'r', 'plain'],
  ['CSSELR_EL1', 3, 2, 0, 0, 0, '-', 'rw', 'plain'],
  ['CTR_EL0', 3, 3, 0, 0, 1, 'r', 'r', 'special'],
  ['DCZID_EL0', 3, 3, 0, 0, 7, 'r', 'r', 'special'],

  // System control and translation.
  ['SCTLR_EL1', 3, 0, 1, 0, 0, '-', 'rw', 'checked'],
  ['ACTLR_EL1', 3, 0, 1, 0, 1, '-', 'rw', 'plain'],
  ['CPACR_EL1', 3, 0, 1, 0, 2, '-', 'rw', 'checked'],
  ['TTBR0_EL1', 3, 0, 2, 0, 0, '-', 'rw', 'checked'],
  ['TTBR1_EL1', 3, 0, 2, 0, 1, '-', 'rw', 'checked'],
  ['TCR_EL1', 3, 0, 2, 0, 2, '-', 'rw', 'checked'],
  ['AFSR0_EL1', 3, 0, 5, 1, 0, '-', 'rw', 'plain'],
  ['AFSR1_EL1', 3, 0, 5, 1, 1, '-', 'rw', 'plain'],
  ['ESR_EL1', 3, 0, 5, 2, 0, '-', 'rw', 'plain'],
  ['FAR_EL1', 3, 0, 6, 0, 0, '-', 'rw', 'plain'],
  ['PAR_EL1', 3, 0, 7, 4, 0, '-', 'rw', 'plain'],
  ['MAIR_EL1', 3, 0, 10, 2, 0, '-', 'rw', 'checked'],
  ['AMAIR_EL1', 3, 0, 10, 3, 0, '-', 'rw', 'plain'],
  ['VBAR_EL1', 3, 0, 12, 0, 0, '-', 'rw', 'plain'],
  ['RVBAR_EL1', 3, 0, 12, 0, 1, '-', 'r', 'plain'],
  ['ISR_EL1', 3, 0, 12, 1, 0, '-', 'r', 'special'],
  ['CONTEXTIDR_EL1', 3, 0, 13, 0, 1, '-', 'rw', 'plain'],

  // Exception state.
  ['SPSR_EL1', 3, 0, 4, 0, 0, '-', 'rw', 'plain'],
  ['ELR_EL1', 3, 0, 4, 0, 1, '-', 'rw', 'plain'],
  ['SP_EL0', 3, 0, 4, 1, 0, '-', 'rw', 'special'],
  ['SPSel', 3, 0, 4, 2, 0, '-', 'rw', 'special'],
  ['CurrentEL', 3, 0, 4, 2, 2, '-', 'r', 'special'],
  ['DAIF', 3, 3, 4, 2, 1, 'rw', 'rw', 'special'],
  ['SP_EL1', 3, 4, 4, 1, 0, '-', '-', 'plain'],

  // Thread identification.
  ['TPIDR_EL0', 3, 3, 13, 0, 2, 'rw', 'rw', 'plain'],
  ['TPIDRRO_EL0', 3, 3, 13, 0, 3, 'r', 'rw', 'plain'],
  ['TPIDR_EL1', 3, 0, 13, 0, 4, '-', 'rw', 'plain'],
  ['SCXTNUM_EL0', 3, 3, 13, 0, 7, 'rw', 'rw', 'plain'],
  ['SCXTNUM_EL1', 3, 0, 13, 0, 7, '-', 'rw', 'plain'],
  ['CNTKCTL_EL1', 3, 0, 14, 1, 0, '-', 'rw', 'checked'],

  // Debug (D19.3).
  ['MDCCINT_EL1', 2, 0, 0, 2, 0, '-', 'rw', 'plain'],
  ['MDSCR_EL1', 2, 0, 0, 2, 2, '-', 'rw', 'checked'],
  ['OSDTRRX_EL1', 2, 0, 0, 0, 2, '-', 'rw', 'plain'],
  ['OSDTRTX_EL1', 2, 0, 0, 3, 2, '-', 'rw', 'plain'],
  ['OSECCR_EL1', 2, 0, 0, 6, 2, '-', 'rw', 'plain'],
  ...family(BREAKPOINTS, (n) => [`DBGBVR${n}_EL1`, 2, 0, 0, n, 4, '-', 'rw', 'plain']),
  ...family(BREAKPOINTS, (n) => [`DBGBCR${n}_EL1`, 2, 0, 0, n, 5, '-', 'rw', 'checked']),
  ...family(WATCHPOINTS, (n) => [`DBGWVR${n}_EL1`, 2, 0, 0, n, 6, '-', 'rw', 'checked']),
  ...family(WATCHPOINTS, (n) => [`DBGWCR${n}_EL1`, 2, 0, 0, n, 7, '-', 'rw', 'checked']),
  ['MDRAR_EL1', 2, 0, 1, 0, 0, '-', 'r', 'plain'],
  ['OSLAR_EL1', 2, 0, 1, 0, 4, '-', 'w', 'special'],
  ['OSLSR_EL1', 2, 0, 1, 1, 4, '-', 'r', 'special'],
  ['OSDLR_EL1', 2, 0, 1, 3, 4, '-', 'rw', 'plain'],
  ['DBGPRCR_EL1', 2, 0, 1, 4, 4, '-', 'rw', 'plain'],
  ['DBGCLAIMSET_EL1', 2, 0, 7, 8, 6, '-', 'rw', 'special'],
  ['DBGCLAIMCLR_EL1', 2, 0, 7, 9, 6, '-', 'rw', 'special'],
  ['DBGAUTHSTATUS_EL1', 2, 0, 7, 14, 6, '-', 'r', 'plain'],
  ['MDCCSR_EL0', 2, 3, 0, 1, 0, 'r', 'r', 'plain'],

  // Performance monitors (D19.5).
  ['PMCR_EL0', 3, 3, 9, 12, 0, 'rw', 'rw', 'special'],
  ['PMCNTENSET_EL0', 3, 3, 9, 12, 1, 'rw', 'rw', 'special'],
  ['PMCNTENCLR_EL0', 3, 3, 9, 12, 2, 'rw', 'rw', 'special'],
  ['PMOVSCLR_EL0', 3, 3, 9, 12, 3, 'rw', 'rw', 'special'],
  ['PMSWINC_EL0', 3, 3, 9, 12, 4, 'w', 'w', 'special'],
  ['PMSELR_EL0', 3, 3, 9, 12, 5, 'rw', 'rw', 'special'],
  ['PMCEID0_EL0', 3, 3, 9, 12, 6, 'r', 'r', 'special'],
  ['PMCEID1_EL0', 3, 3, 9, 12, 7, 'r', 'r', 'special'],
  ['PMCCNTR_EL0', 3, 3, 9, 13, 0, 'rw', 'rw', 'special'],
  ['PMXEVTYPER_EL0', 3, 3, 9, 13, 1, 'rw', 'rw', 'special'],
  ['PMXEVCNTR_EL0', 3, 3, 9, 13, 2, 'rw', 'rw', 'special'],
  ['PMUSERENR_EL0', 3, 3, 9, 14, 0, 'r', 'rw', 'special'],
  ['PMINTENSET_EL1', 3, 0, 9, 14, 1, '-', 'rw', 'special'],
  ['PMINTENCLR_EL1', 3, 0, 9, 14, 2, '-', 'rw', 'special'],
  ['PMOVSSET_EL0', 3, 3, 9, 14, 3, 'rw', 'rw', 'special'],
  ['PMCCFILTR_EL0', 3, 3, 14, 15, 7, 'rw', 'rw', 'special'],
  ...family(EVENT_COUNTERS, (n) => [`PMEVCNTR${n}_EL0`, 3, 3, 14, 8 + (n >> 3), n & 7, 'rw', 'rw', 'special']),
  ...family(EVENT_COUNTERS, (n) => [`PMEVTYPER${n}_EL0`, 3, 3, 14, 12 + (n >> 3), n & 7, 'rw', 'rw', 'special']),

  // Generic timer (D19.11) and GIC CPU interface (GICv3 specification 12.2), implemented by vdevs.
  ['CNTFRQ_EL0', 3, 3, 14, 0, 0, 'r', 'rw', 'attached'],
  ['CNTPCT_EL0', 3, 3, 14, 0, 1, 'r', 'r', 'attached'],
  ['CNTVCT_EL0', 3, 3, 14, 0, 2, 'r', 'r', 'attached'],
  ['CNTP_TVAL_EL0', 3, 3, 14, 2, 0, 'rw', 'rw', 'attached'],
  ['CNTP_CTL_EL0', 3, 3, 14, 2, 1, 'rw', 'rw', 'attached'],
  ['CNTP_CVAL_EL0', 3, 3, 14, 2, 2, 'rw', 'rw', 'attached'],
  ['CNTV_TVAL_EL0', 3, 3, 14, 3, 0, 'rw', 'rw', 'attached'],
  ['CNTV_CTL_EL0', 3, 3, 14, 3, 1, 'rw', 'rw', 'attached'],
  ['CNTV_CVAL_EL0', 3, 3, 14, 3, 2, 'rw', 'rw', 'attached'],
  ['ICC_PMR_EL1', 3, 0, 4, 6, 0, '-', 'rw', 'attached'],
  ['ICC_IAR0_EL1', 3, 0, 12, 8, 0, '-', 'r', 'attached'],
  ['ICC_EOIR0_EL1', 3, 0, 12, 8, 1, '-', 'w', 'attached'],
  ['ICC_HPPIR0_EL1', 3, 0, 12, 8, 2, '-', 'r', 'attached'],
  ['ICC_BPR0_EL1', 3, 0, 12, 8, 3, '-', 'rw', 'attached'],
  ...family(4, (n) => [`ICC_AP0R${n}_EL1`, 3, 0, 12, 8, 4 + n, '-', 'rw', 'attached']),
  ...family(4, (n) => [`ICC_AP1R${n}_EL1`, 3, 0, 12, 9, n, '-', 'rw', 'attached']),
  ['ICC_DIR_EL1', 3, 0, 12, 11, 1, '-', 'w', 'attached'],
  ['ICC_RPR_EL1', 3, 0, 12, 11, 3, '-', 'r', 'attached'],
  ['ICC_SGI1R_EL1', 3, 0, 12, 11, 5, '-', 'w', 'attached'],
  ['ICC_ASGI1R_EL1', 3, 0, 12, 11, 6, '-', 'w', 'attached'],
  ['ICC_SGI0R_EL1', 3, 0, 12, 11, 7, '-', 'w', 'attached'],
  ['ICC_IAR1_EL1', 3, 0, 12, 12, 0, '-', 'r', 'attached'],
  ['ICC_EOIR1_EL1', 3, 0, 12, 12, 1, '-', 'w', 'attached'],
  ['ICC_HPPIR1_EL1', 3, 0, 12, 12, 2, '-', 'r', 'attached'],
  ['ICC_BPR1_EL1', 3, 0, 12, 12, 3, '-', 'rw', 'attached'],
  ['ICC_CTLR_EL1', 3, 0, 12, 12, 4, '-', 'rw', 'attached'],
  ['ICC_SRE_EL1', 3, 0, 12, 12, 5, '-', 'rw', 'attached'],
  ['ICC_IGRPEN0_EL1', 3, 0, 12, 12, 6, '-', 'rw', 'attached'],
  ['ICC_IGRPEN1_EL1', 3, 0, 12, 12, 7, '-', 'rw', 'attached'],
];

/**
 * All system registers of the machine, with the offsets of their storage.
 *
 * @experimental
 */
export const SYSTEM_REGISTERS: readonly SystemRegister[] = LINES.map(([name, op0, op1, CRn, CRm, op2, el0, el1, kind], i) => ({
  name,
  encoding: systemEncoding(op0, op1, CRn, CRm, op2),
  el0,
  el1,
  kind,
  offset: State.system + i * 8,
}));

const BY_ENCODING = new Map(SYSTEM_REGISTERS.map((r) => [r.encoding, r]));
const BY_NAME = new Map(SYSTEM_REGISTERS.map((r) => [r.name, r]));

if (State.system + SYSTEM_REGISTERS.length * 8 > State.end) throw new Error('too many system registers');

/** The register with an encoding, or `undefined`. @experimental */
export const registerAt = (encoding: number): SystemRegister | undefined => BY_ENCODING.get(encoding);

/**
 * The register with a name.
 *
 * @throws Error when the table has none.
 * @experimental
 */
export function registerNamed(name: string): SystemRegister {
  const found = BY_NAME.get(name);
  if (!found) throw new Error(`no system register ${name}`);
  return found;
}
