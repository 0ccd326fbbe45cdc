/** MRS, MSR (register), SYS and SYSL (Arm ARM C4.1.94): bits 31–22 and their value. */
const SYSTEM_MASK = 0xffc0_0000;
const SYSTEM = 0xd500_0000;
/** op1 of the registers of EL2 and EL3 (Arm ARM D18.2.1). */
const EL2_OP1 = [4, 5];
const EL3_OP1 = 6;

/** Registers that programs for EL2 and EL3 access first, by op0, op1, CRn, CRm, op2. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['3 4 1 0 0', 'SCTLR_EL2'],
  ['3 4 1 0 1', 'ACTLR_EL2'],
  ['3 4 1 1 0', 'HCR_EL2'],
  ['3 4 1 1 1', 'MDCR_EL2'],
  ['3 4 1 1 2', 'CPTR_EL2'],
  ['3 4 1 1 3', 'HSTR_EL2'],
  ['3 4 2 0 0', 'TTBR0_EL2'],
  ['3 4 2 0 2', 'TCR_EL2'],
  ['3 4 2 1 0', 'VTTBR_EL2'],
  ['3 4 2 1 2', 'VTCR_EL2'],
  ['3 4 4 0 0', 'SPSR_EL2'],
  ['3 4 4 0 1', 'ELR_EL2'],
  ['3 4 4 1 0', 'SP_EL1'],
  ['3 4 5 2 0', 'ESR_EL2'],
  ['3 4 6 0 0', 'FAR_EL2'],
  ['3 4 10 2 0', 'MAIR_EL2'],
  ['3 4 12 0 0', 'VBAR_EL2'],
  ['3 4 12 9 5', 'ICC_SRE_EL2'],
  ['3 4 0 0 0', 'VPIDR_EL2'],
  ['3 4 0 0 5', 'VMPIDR_EL2'],
  ['3 4 14 0 3', 'CNTVOFF_EL2'],
  ['3 4 14 1 0', 'CNTHCTL_EL2'],
  ['3 6 1 0 0', 'SCTLR_EL3'],
  ['3 6 1 1 0', 'SCR_EL3'],
  ['3 6 1 1 2', 'CPTR_EL3'],
  ['3 6 4 0 0', 'SPSR_EL3'],
  ['3 6 4 0 1', 'ELR_EL3'],
  ['3 6 12 0 0', 'VBAR_EL3'],
  ['3 6 12 12 5', 'ICC_SRE_EL3'],
]);

/**
 * A note for an undefined system instruction that belongs to an exception level which no VM has.
 *
 * @returns `undefined` for an instruction that belongs to EL1 or EL0.
 */
export function higherLevelNote(word: number): string | undefined {
  if ((word & SYSTEM_MASK) >>> 0 !== SYSTEM) return undefined;
  const op0 = (word >>> 19) & 3;
  const op1 = (word >>> 16) & 7;
  if (op0 === 0) return undefined;
  const level = EL2_OP1.includes(op1) ? 2 : op1 === EL3_OP1 ? 3 : undefined;
  if (level === undefined) return undefined;
  const name = NAMES.get([op0, op1, (word >>> 12) & 15, (word >>> 8) & 15, (word >>> 5) & 7].join(' '));
  return `${name ?? 'it'} belongs to EL${level}, which is not offered; guests start at EL1`;
}
