import type { Fault, FaultDescription } from '@qvm/engine';
import { hexadecimal } from '@qvm/core';
import { Vector } from '@qvm/isa-x86_64';
import { PageFaultCode } from './fault-status.js';

const VECTOR_SHIFT = 24;
const ERROR_MASK = 0xffff;

/** Exceptions that push an error code (SDM vol. 3, table 6-1). */
const WITH_ERROR_CODE: readonly number[] = [
  Vector.DF,
  Vector.TS,
  Vector.NP,
  Vector.SS,
  Vector.GP,
  Vector.PF,
  Vector.AC,
];

/** Names of the exceptions (SDM vol. 3, table 6-1). */
const NAMES: Readonly<Record<number, string>> = {
  [Vector.DE]: 'divide error',
  [Vector.DB]: 'debug exception',
  [Vector.BP]: 'breakpoint',
  [Vector.OF]: 'overflow',
  [Vector.BR]: 'BOUND range exceeded',
  [Vector.UD]: 'invalid opcode',
  [Vector.NM]: 'device not available',
  [Vector.DF]: 'double fault',
  [Vector.TS]: 'invalid TSS',
  [Vector.NP]: 'segment not present',
  [Vector.SS]: 'stack fault',
  [Vector.GP]: 'general protection',
  [Vector.PF]: 'page fault',
  [Vector.MF]: 'x87 error',
  [Vector.AC]: 'alignment check',
  [Vector.MC]: 'machine check',
  [Vector.XM]: 'SIMD error',
};

/** The name of an exception by its vector. @experimental */
export const exceptionName = (vector: number): string => NAMES[vector] ?? `exception ${vector}`;

/**
 * Describes an exception for reports: the instruction, and what it did.
 *
 * @param fault - the syndrome has the vector in bits 31–24 and the error code below.
 * @param instruction - the instruction at `fault.pc`; undefined if it cannot be read.
 * @experimental
 */
export function describeFault(
  { syndrome, pc, address, level }: Fault,
  instruction: string | undefined,
): FaultDescription {
  const vector = syndrome >>> VECTOR_SHIFT;
  const error = syndrome & ERROR_MASK;
  const exception = exceptionName(vector);
  const isPage = vector === Number(Vector.PF);
  const short = `#${Vector[vector] ?? vector}${WITH_ERROR_CODE.includes(vector) && !isPage ? `(${hexadecimal(error)})` : ''}`;
  const what = isPage ? `${short}, ${pageAccess(error)} of ${hexadecimal(address)}` : short;
  const text = [`at ${hexadecimal(pc)}, CPL ${level}`, ...(instruction === undefined ? [] : [instruction]), what];
  return { exception, pc, ...(isPage ? { address } : {}), text: text.join(': ') };
}

function pageAccess(error: number): string {
  const access = error & PageFaultCode.Fetch ? 'a fetch' : error & PageFaultCode.Write ? 'a write' : 'a read';
  const reason =
    error & PageFaultCode.Reserved ? 'reserved bits' : error & PageFaultCode.Protection ? 'no right' : 'no mapping';
  return `${access} (${reason})`;
}
