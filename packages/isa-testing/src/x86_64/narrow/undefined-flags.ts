import { undefinedFlags } from '../undefined-flags.js';
import type { NarrowCase } from './case.js';

/** Prefixes of segments, sizes and repetition. */
const PREFIXES: readonly number[] = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf2, 0xf3];
const [CF, PF, AF, ZF, SF, OF] = [1, 4, 0x10, 0x40, 0x80, 0x800];
const DECIMAL: Readonly<Record<string, number>> = {
  DAA: OF,
  DAS: OF,
  AAA: OF | SF | ZF | PF,
  AAS: OF | SF | ZF | PF,
  AAM: OF | AF | CF,
  AAD: OF | AF | CF,
};

/** Status flags that the manual leaves undefined for an instruction, and that are not compared. */
export function undefinedNarrowFlags({ row, sizes, bytes, registers }: NarrowCase): number {
  const decimal = DECIMAL[row.name];
  if (decimal !== undefined) return decimal;
  const first = bytes.findIndex((byte) => !PREFIXES.includes(byte));
  const opcode = bytes.slice(first, first + (bytes[first] === 0x0f ? 2 : 1));
  // Only opcode and immediate matter.
  const code = [...(sizes.operand === 1 ? [0x66] : []), ...opcode, bytes[bytes.length - 1] as number];
  return undefinedFlags({
    row,
    bytes: code,
    registers: registers.map(BigInt),
    flags: 0,
    vectors: new Uint8Array(),
    image: new Uint8Array(),
    data: new Uint8Array(),
  });
}
