import { SegmentRegister, State } from '@qvm/isa-x86_64';
import { PAT_RESET } from '../state/reset.js';

/** Values that a model-specific register accepts. @experimental */
export type MsrRule =
  /** Any value. */
  | { readonly kind: 'any' }
  /** A canonical address. */
  | { readonly kind: 'canonical' }
  /** Values without other bits than these. */
  | { readonly kind: 'bits'; readonly bits: bigint }
  /** Eight memory types: IA32_PAT. */
  | { readonly kind: 'types' }
  /** Writes have no effect. */
  | { readonly kind: 'ignored' };

/** A model-specific register with storage in the state. @experimental */
export interface MsrEntry {
  /** Its name in the manual, without `IA32_`. */
  readonly name: string;
  /** Its number: ECX of RDMSR. */
  readonly number: number;
  /** Offset of its storage in the state. */
  readonly offset: number;
  readonly rule: MsrRule;
  /** Value after RESET. */
  readonly reset: bigint;
}

const ANY: MsrRule = { kind: 'any' };
const CANONICAL: MsrRule = { kind: 'canonical' };
const IGNORED: MsrRule = { kind: 'ignored' };
const LOW_32: MsrRule = { kind: 'bits', bits: 0xffff_ffffn };
const LAST_BRANCHES: MsrRule = { kind: 'bits', bits: 0n };
/** Fast strings; no branch trace store and no precise event-based sampling. */
const MISC_ENABLE_RESET = 0x1801n;

/** After those that generated code knows. */
let next: number = State.tscAux + 8;
const known = (name: string, number: number, offset: number, rule: MsrRule, reset = 0n): MsrEntry => ({
  name,
  number,
  offset,
  rule,
  reset,
});
const stored = (name: string, number: number, rule: MsrRule, reset = 0n): MsrEntry =>
  known(name, number, (next += 8) - 8, rule, reset);
const segment = (name: string, number: number, register: SegmentRegister): MsrEntry =>
  known(name, number, State.segmentBase + register * 8, CANONICAL);

/**
 * The model-specific registers that are storage (SDM vol. 4, table 2-2). An MSR that is neither here nor handled by
 * {@link ModelSpecificRegisters} does not exist: #GP(0).
 *
 * @experimental
 */
export const MSRS: readonly MsrEntry[] = [
  stored('PLATFORM_ID', 0x17, IGNORED),
  stored('BIOS_SIGN_ID', 0x8b, IGNORED),
  stored('SYSENTER_CS', 0x174, ANY),
  stored('SYSENTER_ESP', 0x175, CANONICAL),
  stored('SYSENTER_EIP', 0x176, CANONICAL),
  stored('MISC_ENABLE', 0x1a0, IGNORED, MISC_ENABLE_RESET),
  stored('DEBUGCTL', 0x1d9, LAST_BRANCHES),
  stored('PAT', 0x277, { kind: 'types' }, PAT_RESET),
  known('STAR', 0xc000_0081, State.star, ANY),
  known('LSTAR', 0xc000_0082, State.lstar, CANONICAL),
  stored('CSTAR', 0xc000_0083, CANONICAL),
  known('FMASK', 0xc000_0084, State.fmask, LOW_32),
  segment('FS_BASE', 0xc000_0100, SegmentRegister.FS),
  segment('GS_BASE', 0xc000_0101, SegmentRegister.GS),
  known('KERNEL_GS_BASE', 0xc000_0102, State.kernelGsBase, CANONICAL),
  known('TSC_AUX', 0xc000_0103, State.tscAux, LOW_32),
];

const BY_NUMBER = new Map(MSRS.map((entry) => [entry.number, entry]));

/** The entry of an MSR; undefined for one without storage. @experimental */
export const msrEntry = (number: number): MsrEntry | undefined => BY_NUMBER.get(number);

/** Offset of an MSR's storage by its name. @throws Error for an unknown name. @experimental */
export function msrOffset(name: string): number {
  const entry = MSRS.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`there is no MSR ${name}`);
  return entry.offset;
}
