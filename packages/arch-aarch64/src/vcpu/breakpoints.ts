import { BREAKPOINTS, registerNamed } from '@qvm/isa-aarch64';
import { Sys } from './aarch64-state.js';
import type { Aarch64State } from './aarch64-state.js';
import { debugExceptionsEnabled, debugMatch, matchesLevel, Mdscr } from './self-hosted-debug.js';
import type { DebugMatch } from './self-hosted-debug.js';

/** Syndrome of a breakpoint exception: IFSC reports a debug event. @experimental */
export const BREAKPOINT_ISS = 0x22;

/** DBGBCR<n>_EL1.BT: the compared value (Arm ARM D19.3.2). */
enum BreakpointType {
  Address = 0,
  LinkedAddress = 1,
  Context = 2,
  LinkedContext = 3,
}

/** The decoded fields of one register pair. */
interface Breakpoint extends DebugMatch {
  readonly type: number;
  /** DBGBVR<n>_EL1. */
  readonly value: bigint;
}

const REGISTERS = Array.from({ length: BREAKPOINTS }, (_, n) => ({
  value: registerNamed(`DBGBVR${n}_EL1`).offset,
  control: registerNamed(`DBGBCR${n}_EL1`).offset,
}));

/**
 * Whether the guest has enabled any breakpoint. If so, instructions are executed one by one, and {@link
 * breakpointMatches} is called before each. A change of the result ends a run of generated code.
 *
 * @experimental
 */
export function breakpointsArmed(state: Aarch64State): boolean {
  if ((state.u32(Sys.MDSCR_EL1) & Mdscr.MDE) === 0) return false;
  return REGISTERS.some(({ control }) => (state.u32(control) & 1) !== 0);
}

/** Whether a breakpoint matches the instruction at `pc` (Arm ARM D2.8). @experimental */
export function breakpointMatches(state: Aarch64State, pc: bigint, osLocked: boolean): boolean {
  if (!debugExceptionsEnabled(state, osLocked)) return false;
  return REGISTERS.some((registers) => {
    const breakpoint = read(state, registers);
    if (!breakpoint.enabled || !matchesLevel(breakpoint, state.el !== 0)) return false;
    switch (breakpoint.type as BreakpointType) {
      case BreakpointType.Address:
        return isAt(breakpoint, pc);
      case BreakpointType.LinkedAddress:
        return isAt(breakpoint, pc) && matchesLinkedContext(state, breakpoint);
      case BreakpointType.Context:
        return isInContext(state, breakpoint);
      default:
        return false;
    }
  });
}

/** Whether the context breakpoint that another breakpoint or a watchpoint is linked to matches. @experimental */
export function matchesLinkedContext(state: Aarch64State, { linked }: DebugMatch): boolean {
  const registers = REGISTERS[linked];
  const context = registers && read(state, registers);
  if (!context?.enabled || context.type !== (BreakpointType.LinkedContext as number)) return false;
  return isInContext(state, context);
}

function read(state: Aarch64State, { value, control }: (typeof REGISTERS)[number]): Breakpoint {
  const bits = state.u32(control);
  return { ...debugMatch(bits), type: (bits >>> 20) & 15, value: state.u64(value) };
}

/** Compares with an address in DBGBVR<n>_EL1: bits 1 and 0 are zero, bits 63 to 49 are copies of bit 48. */
function isAt({ value }: Breakpoint, pc: bigint): boolean {
  return BigInt.asUintN(64, BigInt.asIntN(49, value & ~3n)) === pc;
}

function isInContext(state: Aarch64State, { value }: Breakpoint): boolean {
  return Number(BigInt.asUintN(32, value)) === state.u32(Sys.CONTEXTIDR_EL1);
}
