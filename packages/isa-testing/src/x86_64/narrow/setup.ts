import { CodeMode, SegmentRegister } from '@qvm/isa-x86_64';
import type { Random } from '../../random.js';
import { CODE_BASE, DATA_BASE } from '../bare-machine.js';
import { INSTRUCTION, WINDOW } from '../encode.js';

/** Size of an operand, an address or a stack: log2 of the bytes. */
export type NarrowSize = 1 | 2;

/** The segments of a case, as far as cases differ. All have a limit of 4 GiB and allow every access that they can. */
export interface Setup {
  readonly mode: CodeMode;
  /** Bases of ES, CS, SS, DS, FS, GS. */
  readonly bases: readonly number[];
  /** Width of the stack pointer: SS.B. */
  readonly stackSize: NarrowSize;
}

const FLAT_BASES = [0, 0, 0, 0, DATA_BASE + 0x123, WINDOW + 0x140];
const BASES = [DATA_BASE + 0x150, CODE_BASE + 0x300, DATA_BASE + 0x40, DATA_BASE + 0x210, ...FLAT_BASES.slice(4)];

/** The selectors of the segments in the executor: the descriptors from number 6 on, of ring 3. */
export const selectorOf = (n: SegmentRegister): number => (6 + n) * 8 + 3;

/** Random segments for a mode of 16 or 32 bits. */
export function randomSetup(random: Random, mode: CodeMode): Setup {
  if (mode === CodeMode.Flat32) return { mode, bases: FLAT_BASES, stackSize: 2 };
  return { mode, bases: BASES, stackSize: random.chance(0.5) ? 1 : 2 };
}

/** The default operand and address size of a mode. */
export const sizeOfMode = (mode: CodeMode): NarrowSize => (mode === CodeMode.Code16 ? 1 : 2);

/** Offset in CS of the instruction. */
export const entryOf = ({ bases }: Setup): number => INSTRUCTION - (bases[SegmentRegister.CS] as number);

const [CODE, DATA] = [0xfbn, 0xf3n];

/** The descriptor of a segment. */
export function descriptorOf({ mode, bases, stackSize }: Setup, n: SegmentRegister): bigint {
  const base = BigInt(bases[n] as number);
  const wide = n === SegmentRegister.CS ? mode !== CodeMode.Code16 : n === SegmentRegister.SS ? stackSize === 2 : true;
  const type = n === SegmentRegister.CS ? CODE : DATA;
  const flags = wide ? 0xcn : 0x8n;
  return (
    0xffffn | ((base & 0xff_ffffn) << 16n) | (type << 40n) | (0xfn << 48n) | (flags << 52n) | ((base >> 24n) << 56n)
  );
}
