import { hexadecimal } from '@qvm/core';
import type { PhysicalMap, VmMemory } from '@qvm/core/architecture';
import type { Fault, FaultDescription } from '@qvm/engine';
import { higherLevelNote } from './higher-level.js';
import { ExceptionClass, FaultStatus } from './syndrome.js';

/** Access to the guest's state for a report of a fault. */
export interface FaultContext {
  readonly memory: VmMemory;
  readonly map: PhysicalMap;
  /** Guest-physical address of a virtual one, as the vCPU's EL1 reads it. */
  translate(virtualAddress: bigint): number | undefined;
  disassemble(word: number): string;
}

/** Text for exception classes whose report does not depend on the address; it follows the instruction. */
const WORDS: Readonly<Partial<Record<ExceptionClass, string>>> = {
  [ExceptionClass.WfxTrap]: 'is not allowed at EL0',
  [ExceptionClass.FpAccess]: 'uses floating-point registers, which CPACR_EL1 has off',
  [ExceptionClass.IllegalState]: 'follows an illegal exception return',
  [ExceptionClass.Svc64]: 'is taken',
  [ExceptionClass.SystemRegister]: 'is not allowed at EL0',
  [ExceptionClass.SpAlignment]: 'uses a stack pointer that is not a multiple of 16',
  [ExceptionClass.BreakpointLower]: 'has a breakpoint',
  [ExceptionClass.BreakpointSame]: 'has a breakpoint',
  [ExceptionClass.SoftwareStepLower]: 'is stepped',
  [ExceptionClass.SoftwareStepSame]: 'is stepped',
  [ExceptionClass.WatchpointLower]: 'accesses a watchpoint',
  [ExceptionClass.WatchpointSame]: 'accesses a watchpoint',
  [ExceptionClass.Brk64]: 'is taken',
};

/** Names of exception classes, after those of ESR_EL1.EC (Arm ARM D17.2.37). */
const NAMES: Readonly<Record<ExceptionClass, string>> = {
  [ExceptionClass.Unknown]: 'undefined instruction',
  [ExceptionClass.WfxTrap]: 'trapped WFI or WFE',
  [ExceptionClass.FpAccess]: 'trapped floating-point access',
  [ExceptionClass.IllegalState]: 'illegal execution state',
  [ExceptionClass.Svc64]: 'SVC',
  [ExceptionClass.Hvc64]: 'HVC',
  [ExceptionClass.Smc64]: 'SMC',
  [ExceptionClass.SystemRegister]: 'trapped system register access',
  [ExceptionClass.InstructionAbortLower]: 'instruction abort from EL0',
  [ExceptionClass.InstructionAbortSame]: 'instruction abort',
  [ExceptionClass.PcAlignment]: 'PC alignment fault',
  [ExceptionClass.DataAbortLower]: 'data abort from EL0',
  [ExceptionClass.DataAbortSame]: 'data abort',
  [ExceptionClass.SpAlignment]: 'SP alignment fault',
  [ExceptionClass.BreakpointLower]: 'breakpoint at EL0',
  [ExceptionClass.BreakpointSame]: 'breakpoint',
  [ExceptionClass.SoftwareStepLower]: 'software step at EL0',
  [ExceptionClass.SoftwareStepSame]: 'software step',
  [ExceptionClass.WatchpointLower]: 'watchpoint at EL0',
  [ExceptionClass.WatchpointSame]: 'watchpoint',
  [ExceptionClass.Brk64]: 'BRK',
};

/** Classes whose exceptions set FAR_EL1 (Arm ARM D17.2.40). */
const WITH_ADDRESS: ReadonlySet<ExceptionClass> = new Set([
  ExceptionClass.InstructionAbortLower,
  ExceptionClass.InstructionAbortSame,
  ExceptionClass.PcAlignment,
  ExceptionClass.DataAbortLower,
  ExceptionClass.DataAbortSame,
  ExceptionClass.WatchpointLower,
  ExceptionClass.WatchpointSame,
]);

const EC_SHIFT = 26;
const STATUS_MASK = 0x3f;
const WRITE = 1 << 6;
const LEVEL_MASK = 3;

/**
 * A fault for reports: where it occurred, which instruction, and for aborts what is mapped at the address.
 * Reads the guest's memory and translation tables as they are now.
 */
export function describeFault(
  { syndrome: esr, pc, address: far, level: el }: Fault,
  context: FaultContext,
): FaultDescription {
  const ec = (esr >>> EC_SHIFT) as ExceptionClass;
  // SVC returns to the instruction after it.
  const at = ec === ExceptionClass.Svc64 ? BigInt.asUintN(64, pc - 4n) : pc;
  return {
    exception: NAMES[ec],
    pc: at,
    ...(WITH_ADDRESS.has(ec) ? { address: far } : {}),
    text: `at ${hexadecimal(at)}, EL${el}: ${causeOf(ec, esr, at, far, context)}`,
  };
}

/** The part of {@link describeFault}'s text that says what happened, for reports that say where themselves. */
export function describeCause({ syndrome: esr, pc, address }: Fault, context: FaultContext): string {
  return causeOf((esr >>> EC_SHIFT) as ExceptionClass, esr, pc, address, context);
}

function causeOf(ec: ExceptionClass, esr: number, pc: bigint, far: bigint, context: FaultContext): string {
  switch (ec) {
    case ExceptionClass.PcAlignment:
      return 'the program counter is not a multiple of 4';
    case ExceptionClass.InstructionAbortLower:
    case ExceptionClass.InstructionAbortSame:
      return `no instruction can be fetched: ${reasonOf(esr & STATUS_MASK, pc, context)}`;
    case ExceptionClass.DataAbortLower:
    case ExceptionClass.DataAbortSame: {
      const access = esr & WRITE ? 'writes' : 'reads';
      const reason = reasonOf(esr & STATUS_MASK, far, context);
      return `${instructionAt(pc, context).text} ${access} ${hexadecimal(far)}: ${reason}`;
    }
    default:
      return undefinedOrTrapped(ec, instructionAt(pc, context));
  }
}

function undefinedOrTrapped(ec: ExceptionClass, { text, word }: InstructionText): string {
  if (ec !== ExceptionClass.Unknown) return `${text} ${WORDS[ec] ?? 'is trapped'}`;
  const note = word === undefined ? undefined : higherLevelNote(word);
  return `${text} is undefined${note === undefined ? '' : `: ${note}`}`;
}

interface InstructionText {
  readonly word?: number;
  readonly text: string;
}

function instructionAt(pc: bigint, context: FaultContext): InstructionText {
  const physical = context.translate(pc);
  const region = physical === undefined ? undefined : context.map.find(physical);
  if (physical === undefined || (region?.kind !== 'ram' && region?.kind !== 'rom')) return { text: 'the instruction' };
  const word = context.memory.data.getUint32(region.offset + (physical - region.base), true);
  return { word, text: context.disassemble(word) };
}

function reasonOf(status: number, address: bigint, context: FaultContext): string {
  if (status === (FaultStatus.Alignment as number)) return 'the address is misaligned';
  const level = status & LEVEL_MASK;
  switch ((status & ~LEVEL_MASK) as FaultStatus) {
    case FaultStatus.Translation:
      return `the guest has not mapped it (translation fault, level ${level})`;
    case FaultStatus.AccessFlag:
      return `its access flag is clear (level ${level})`;
    case FaultStatus.Permission:
      return `the guest's tables do not permit it (permission fault, level ${level})`;
    case FaultStatus.AddressSize:
      return `it is larger than addresses may be (level ${level})`;
    case FaultStatus.ExternalAbortOnWalk:
      return 'its translation table is not in RAM';
    default:
      return placeOf(context.translate(address) ?? Number(address), context.map);
  }
}

function placeOf(physical: number, map: PhysicalMap): string {
  const region = map.find(physical);
  const place = `guest-physical ${hexadecimal(physical)}`;
  if (region === undefined) return `nothing is at ${place}`;
  return region.kind === 'rom'
    ? `${place} is ROM (${region.name})`
    : `${place} belongs to ${region.name}, which refuses`;
}
