import type { Json } from '@qvm/core';
import { requireBoolean, requireObject, requireUnsigned, VdevStateError } from '@qvm/core/vdev';
import { Segment, SegmentRegister, State } from '@qvm/isa-x86_64';
import { Attribute } from '../state/attributes.js';
import { Cr0, Cr4, Efer } from '../state/control-bits.js';
import { GENERAL_NAMES } from '../state/register-view.js';
import type { X86State } from '../state/x86-state.js';
import { MSRS } from '../system/msr-table.js';
import type { TimeStampCounter } from '../system/time-stamp-counter.js';

/** Version of the format of {@link saveProcessor}. Adding or removing a register requires a new version. */
export const SNAPSHOT_VERSION = 1;

/** The parts of a vCPU that hold guest-visible state. */
export interface SavedParts {
  /** Name of the CPU model, which determines CPUID. */
  readonly model: string;
  readonly state: X86State;
  readonly tsc: TimeStampCounter;
  /** Linear address of the next instruction. */
  readonly pc: number;
  readonly nmiBlocked: boolean;
  /** Causes of a debug trap that has not been taken. */
  readonly debugTrap: number;
}

const KEYS = ['model', 'registers', 'pc', 'nmiBlocked', 'debugTrap'] as const;
const HEXADECIMAL = /^0x[0-9a-f]{1,16}$/;
const CANONICAL_LIMIT = 2 ** 47;
const LOWEST_PRIVILEGE = 3;

/** Fields of 64 bits by name, with their places. */
const WIDE: readonly (readonly [name: string, offset: number])[] = [
  ...GENERAL_NAMES.map((name, n) => [name, State.gpr + n * 8] as const),
  ...namedSegments().map(([name, n]) => [`${name}.base`, segmentBase(n)] as const),
  ...Array.from({ length: 16 * 4 }, (_, n) => [`ymm${n >> 2}.${n & 3}`, vectorWord(n >> 2, n & 3)] as const),
  ...Array.from(
    { length: 8 * 2 },
    (_, n) => [`r${n >> 1}.${n & 1 ? 'exponent' : 'significand'}`, State.x87 + n * 8] as const,
  ),
  ...[0, 1, 2, 3, 6, 7].map((n) => [`dr${n}`, State.dr + n * 8] as const),
  ...[0, 1, 2, 3].map((n) => [`pdpte${n}`, State.pdpte + n * 8] as const),
  ...MSRS.filter(({ offset }) => offset >= State.msr).map(({ name, offset }) => [name, offset] as const),
  ...(['cr0', 'cr2', 'cr3', 'cr4', 'efer', 'xcr0', 'fip', 'fdp', 'gdtr', 'idtr'] as const).map(
    (name) => [name, State[name]] as const,
  ),
];
/** Fields of 32 bits by name. */
const NARROW: readonly (readonly [name: string, offset: number])[] = [
  ...namedSegments().flatMap(([name, n]) =>
    (['selector', 'limit', 'attributes', 'base'] as const).map(
      (part) => [`${name}.${part}.low`, State.segment + n * Segment.bytes + Segment[part]] as const,
    ),
  ),
  ...(['fcw', 'fsw', 'ftw', 'fop', 'mxcsr', 'cpl', 'shadow'] as const).map((name) => [name, State[name]] as const),
  ['gdtr.limit', State.gdtr + 8],
  ['idtr.limit', State.idtr + 8],
];
const NAMES = [...WIDE.map(([name]) => name), ...NARROW.map(([name]) => name), 'rflags', 'tscAdjust'];

function namedSegments(): readonly (readonly [string, SegmentRegister])[] {
  return ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'].map((name, n) => [name, n] as const);
}

function segmentBase(n: SegmentRegister): number {
  if (n === SegmentRegister.LDTR) return State.ldtrBase;
  return n === SegmentRegister.TR ? State.trBase : State.segmentBase + n * 8;
}

/** Word `n` of a YMM register. */
function vectorWord(register: number, n: number): number {
  return (n < 2 ? State.vector : State.vectorHigh) + register * 16 + (n & 1) * 8;
}

/** The state of a vCPU: registers by name, as hexadecimal text. */
export function saveProcessor({ model, state, tsc, pc, nmiBlocked, debugTrap }: SavedParts): Json {
  const registers: Record<string, string> = {};
  for (const [name, offset] of WIDE) registers[name] = text(state.u64(offset));
  for (const [name, offset] of NARROW) registers[name] = text(BigInt(state.u32(offset)));
  registers.rflags = text(BigInt(state.rflags));
  registers.tscAdjust = text(tsc.adjust);
  return { model, registers, pc, nmiBlocked, debugTrap };
}

/**
 * Checks the result of {@link saveProcessor}.
 *
 * @returns a function that restores the registers, in a vCPU that was just reset, and returns what is not in the state.
 * @throws VdevStateError
 */
export function parseProcessor(
  saved: unknown,
  { model, state, tsc }: SavedParts,
): () => Pick<SavedParts, 'pc' | 'nmiBlocked' | 'debugTrap'> {
  const fields = requireObject(saved, KEYS, 'processor');
  if (fields.model !== model)
    throw new VdevStateError(`it is of the CPU model ${String(fields.model)}, the vCPU of ${model}`);
  const texts = requireObject(fields.registers, NAMES, 'registers');
  const values = new Map(NAMES.map((name) => [name, valueOf(texts[name], name)]));
  const get = (name: string): bigint => values.get(name) ?? 0n;
  requirePossible((name) => Number(BigInt.asUintN(32, get(name))));
  const { pc } = fields;
  if (typeof pc !== 'number' || !Number.isInteger(pc) || Math.abs(pc) > CANONICAL_LIMIT)
    throw new VdevStateError('pc is not a canonical address');
  const rest = {
    pc,
    nmiBlocked: requireBoolean(fields.nmiBlocked, 'nmiBlocked'),
    debugTrap: requireUnsigned(fields.debugTrap, 0xffff, 'debugTrap'),
  };
  return () => {
    for (const [name, offset] of WIDE) state.setU64(offset, get(name));
    for (const [name, offset] of NARROW) state.setU32(offset, Number(BigInt.asUintN(32, get(name))));
    state.rflags = Number(BigInt.asUintN(32, get('rflags')));
    tsc.adjust = get('tscAdjust');
    return rest;
  };
}

/** Refuses a state that no processor can be in (SDM vol. 3, 2.2, 3.4.5 and 26.3.1). */
function requirePossible(get: (name: string) => number): void {
  const [cr0, cr4, efer, attributes] = [get('cr0'), get('cr4'), get('efer'), get('cs.attributes.low')];
  const paging = (cr0 & Cr0.PG) !== 0;
  const longMode = (efer & Efer.LMA) !== 0;
  const enabled = (efer & Efer.LME) !== 0;
  const both = Attribute.L | Attribute.DB;
  const problems: readonly (readonly [boolean, string])[] = [
    [paging && (cr0 & Cr0.PE) === 0, 'CR0.PG without CR0.PE'],
    [longMode !== (paging && enabled), 'EFER.LMA that is not CR0.PG and EFER.LME'],
    [longMode && (cr4 & Cr4.PAE) === 0, 'EFER.LMA without CR4.PAE'],
    [(cr4 & Cr4.PCIDE) !== 0 && !longMode, 'CR4.PCIDE without EFER.LMA'],
    [longMode && (attributes & both) === both, 'a code segment with L and D'],
    [get('cpl') > LOWEST_PRIVILEGE, 'a CPL above 3'],
  ];
  const problem = problems.find(([wrong]) => wrong);
  if (problem !== undefined) throw new VdevStateError(`it has ${problem[1]}: a state that no processor can be in`);
}

const text = (register: bigint): string => `0x${register.toString(16)}`;

function valueOf(saved: unknown, what: string): bigint {
  if (typeof saved !== 'string' || !HEXADECIMAL.test(saved))
    throw new VdevStateError(`${what} is not a hexadecimal number of 64 bits`);
  return BigInt(saved);
}
