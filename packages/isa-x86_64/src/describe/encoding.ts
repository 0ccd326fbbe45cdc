import type { DecoderMode } from '../decode/mode.js';
import { parseOperandCode } from './operand-code.js';
import type { OperandCode } from './operand-code.js';

/** Opcode maps (SDM vol. 2, A.3). @experimental */
export enum OpcodeMap {
  /** Opcodes of one byte. */
  OneByte,
  /** 0F. */
  TwoByte,
  /** 0F 38. */
  ThreeByte38,
  /** 0F 3A. */
  ThreeByte3A,
}

/**
 * The prefix that selects among encodings with the same opcode; `any`: prefixes have their usual meaning; `NR`: so has 66,
 * but F3 and F2 are not allowed.
 *
 * @experimental
 */
export type MandatoryPrefix = 'any' | 'NR' | 'NP' | '66' | 'F3' | 'F2';

/**
 * An encoding of an operation.
 *
 * @experimental
 */
export interface Encoding {
  /** The text it was parsed from. */
  readonly text: string;
  /** The opcode map. */
  readonly map: OpcodeMap;
  /** First opcode, and the number of opcodes: 8 if the opcode names a register, 16 if it names a condition. */
  readonly opcode: number;
  /** See {@link Encoding.opcode}. */
  readonly opcodes: number;
  /** Prefix that the encoding needs. */
  readonly prefix: MandatoryPrefix;
  /** Value that ModRM.reg must have, or −1. */
  readonly extension: number;
  /** The whole ModRM byte, or −1. */
  readonly modRm: number;
  /** Whether there is a ModRM byte. */
  readonly hasModRm: boolean;
  /** Whether ModRM.rm names a register whatever ModRM.mod is. */
  readonly ignoresMod: boolean;
  /** REX.W that the encoding needs; undefined: any. */
  readonly wide: boolean | undefined;
  /** Whether REX.B must be 0. */
  readonly noRexB: boolean;
  /** The operands, destination first. */
  readonly operands: readonly OperandCode[];
  /** Whether the operand size in 64-bit mode is 64 bits without REX.W (`d64`), also with prefix 66 (`f64`). */
  readonly default64: 'd64' | 'f64' | undefined;
  /** Whether it exists in 64-bit mode, and in other modes. */
  readonly modes: {
    /** In 64-bit mode. */
    readonly long: boolean;
    /** In other modes. */
    readonly legacy: boolean;
  };
  /** Whether the encoding accepts LOCK if its destination is in memory. */
  readonly lockable: boolean;
  /** Whether it has a VEX prefix (SDM vol. 2, 2.3). */
  readonly vex: boolean;
  /** VEX.L that it needs; undefined: any. */
  readonly vectorLength: 0 | 1 | undefined;
  /** Feature that CPUID must claim for this encoding, beside that of the row. */
  readonly feature: string | undefined;
}

/** Whether an encoding exists in a mode. Without REX prefixes, REX.W is 0. @experimental */
export const existsIn = ({ modes, wide, vex }: Encoding, { bits }: DecoderMode): boolean =>
  bits === 64 ? modes.long : modes.legacy && (vex || wide !== true);

/** Whether an encoding is that of a vector instruction with a VEX prefix; other instructions have general registers. @experimental */
export const isVexVector = ({ vex, operands }: Encoding): boolean =>
  vex &&
  (operands.some(({ registers }) => registers === 'xmm') || !operands.some(({ registers }) => registers === 'general'));

const FLAGS = new Set(['d64', 'f64', 'o64', 'i64', 'lock', 'W0', 'W1', 'noB', 'mod', 'VEX', 'L0', 'L1']);

/**
 * Parses an encoding in the notation of the opcode maps: bytes, then `/r` is implied by the operands; `/3`: the extension in ModRM.reg;
 * `+r` and `+cc`: a register or a condition in the opcode; `!F8`: the whole ModRM byte. Prefixes `NP`, `NR`, `66`, `F3`, `F2` that select; `W0`, `W1`:
 * REX.W or VEX.W; `VEX`: a VEX prefix, which takes the place of all others; `L0`, `L1`: VEX.L; `@avx2`: only with a feature; `noB`: no REX.B; `mod`: ModRM.mod is ignored; `d64`, `f64`, `o64`, `i64` as in table A-1; `lock`: LOCK is allowed. At the end the operands,
 * separated by commas: `F3 0F B8 Gv,Ev`.
 *
 * @throws Error for what it cannot parse, which is an error in a table.
 * @experimental
 */
export function parseEncoding(text: string): Encoding {
  const words = text.trim().split(/\s+/);
  const flags = new Set(words.filter((word) => FLAGS.has(word)));
  const rest = words.filter((word) => !FLAGS.has(word));
  let prefix: MandatoryPrefix = 'any';
  if (/^(NP|NR|66|F3|F2)$/.test(rest[0] as string) && rest.length > 1 && /^(0F|90)$/.test(rest[1] as string))
    prefix = rest.shift() as MandatoryPrefix;
  const bytes: number[] = [];
  let [extension, modRm, opcodes] = [-1, -1, 1];
  let operands: OperandCode[] = [];
  let feature: string | undefined;
  for (const word of rest) {
    if (/^[0-9A-F]{2}$/.test(word)) bytes.push(parseInt(word, 16));
    else if (/^[0-9A-F]{2}\+r$/.test(word)) [opcodes] = [8, bytes.push(parseInt(word, 16))];
    else if (/^[0-9A-F]{2}\+cc$/.test(word)) [opcodes] = [16, bytes.push(parseInt(word, 16))];
    else if (word.startsWith('@')) feature = word.slice(1);
    else if (/^\/[0-7]$/.test(word)) extension = Number(word[1]);
    else if (/^![0-9A-F]{2}$/.test(word)) modRm = parseInt(word.slice(1), 16);
    else operands = word.split(',').map(parseOperandCode);
  }
  const [map, opcode] = mapOf(bytes, text);
  const inModRm = operands.some(({ place }) => ['rm', 'memory', 'rm-register', 'reg'].includes(place));
  return {
    text,
    map,
    opcode,
    opcodes,
    prefix,
    extension,
    modRm,
    hasModRm: inModRm || extension >= 0 || modRm >= 0,
    ignoresMod: flags.has('mod'),
    wide: flags.has('W1') ? true : flags.has('W0') ? false : undefined,
    noRexB: flags.has('noB'),
    operands,
    default64: flags.has('d64') ? 'd64' : flags.has('f64') ? 'f64' : undefined,
    modes: { long: !flags.has('i64'), legacy: !flags.has('o64') },
    lockable: flags.has('lock'),
    vex: flags.has('VEX'),
    vectorLength: flags.has('L1') ? 1 : flags.has('L0') ? 0 : undefined,
    feature,
  };
}

function mapOf(bytes: readonly number[], text: string): [OpcodeMap, number] {
  const [first, second, third] = bytes as [number, number | undefined, number | undefined];
  if (bytes.length === 1) return [OpcodeMap.OneByte, first];
  if (first === 0x0f && bytes.length === 2) return [OpcodeMap.TwoByte, second as number];
  if (first === 0x0f && second === 0x38) return [OpcodeMap.ThreeByte38, third as number];
  if (first === 0x0f && second === 0x3a) return [OpcodeMap.ThreeByte3A, third as number];
  throw new Error(`no opcode in "${text}"`);
}
