import { BREAKPOINTS, registerNamed } from '../system/register-table.js';
import { Sys } from './cpu-state.js';
import type { CpuState } from './cpu-state.js';
import { debugExceptionsEnabled, Mdscr } from './self-hosted-debug.js';

/** Syndrome of a breakpoint exception: IFSC says that a debug event was the reason. @experimental */
export const BREAKPOINT_ISS = 0x22;

/** DBGBCR<n>_EL1.BT: what is compared (Arm ARM D19.3.2). */
enum BreakpointType {
  Address = 0,
  LinkedAddress = 1,
  Context = 2,
  LinkedContext = 3,
}

/** DBGBCR<n>_EL1.SSC: only in Secure state, which there is none of. */
const SECURE_ONLY = 2;

/** One pair of registers, taken apart. */
interface Breakpoint {
  readonly enabled: boolean;
  readonly type: number;
  /** Exception levels at which it matches: bit 0 EL1, bit 1 EL0. */
  readonly levels: number;
  /** The breakpoint that compares the context of one with a linked address. */
  readonly linked: number;
  /** DBGBVR<n>_EL1. */
  readonly value: bigint;
}

const REGISTERS = Array.from({ length: BREAKPOINTS }, (_, n) => ({
  value: registerNamed(`DBGBVR${n}_EL1`).offset,
  control: registerNamed(`DBGBCR${n}_EL1`).offset,
}));

/**
 * Whether the guest has a breakpoint enabled at all: instructions are then run one by one, and {@link breakpointMatches} is asked
 * before each. What changes the answer ends a run of generated code.
 *
 * @experimental
 */
export function breakpointsArmed(state: CpuState): boolean {
  if ((state.u32(Sys.MDSCR_EL1) & Mdscr.MDE) === 0) return false;
  return REGISTERS.some(({ control }) => (state.u32(control) & 1) !== 0);
}

/** Whether a breakpoint stops the instruction at `pc` (Arm ARM D2.8). @experimental */
export function breakpointMatches(state: CpuState, pc: bigint, osLocked: boolean): boolean {
  if (!debugExceptionsEnabled(state, osLocked)) return false;
  const all = REGISTERS.map((registers) => read(state, registers));
  return all.some((breakpoint) => {
    if (!breakpoint.enabled || (breakpoint.levels & (state.el === 0 ? 2 : 1)) === 0) return false;
    switch (breakpoint.type as BreakpointType) {
      case BreakpointType.Address:
        return isAt(breakpoint, pc);
      case BreakpointType.LinkedAddress: {
        const context = all[breakpoint.linked];
        const linked = context?.enabled && context.type === (BreakpointType.LinkedContext as number);
        return linked === true && isAt(breakpoint, pc) && isInContext(state, context as Breakpoint);
      }
      case BreakpointType.Context:
        return isInContext(state, breakpoint);
      default:
        return false;
    }
  });
}

function read(state: CpuState, { value, control }: (typeof REGISTERS)[number]): Breakpoint {
  const bits = state.u32(control);
  const secureOnly = ((bits >>> 14) & 3) === SECURE_ONLY;
  return {
    enabled: (bits & 1) !== 0,
    type: (bits >>> 20) & 15,
    levels: secureOnly ? 0 : (bits >>> 1) & 3,
    linked: (bits >>> 16) & 15,
    value: state.u64(value),
  };
}

/** Bits 1 and 0 of an address are zero, and those above 48 repeat it. */
function isAt({ value }: Breakpoint, pc: bigint): boolean {
  return BigInt.asUintN(64, BigInt.asIntN(49, value & ~3n)) === pc;
}

function isInContext(state: CpuState, { value }: Breakpoint): boolean {
  return Number(BigInt.asUintN(32, value)) === state.u32(Sys.CONTEXTIDR_EL1);
}
