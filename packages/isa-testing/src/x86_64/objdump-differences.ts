import { LONGEST } from '@qvm/isa-x86_64';
import type { DecoderMode } from '@qvm/isa-x86_64';
import { absentFeature } from './absent-instructions.js';

/** The instruction at the beginning of a string, as objdump shows it. */
export interface Shown {
  readonly text: string;
  /** In bytes. */
  readonly length: number;
}

/** A string, and what both say of it. */
export interface Comparison {
  readonly bytes: Uint8Array;
  /** Length that our decoder finds; 0 if the instruction does not exist. */
  readonly ours: number;
  readonly theirs: Shown;
}

export const PREFIXES: ReadonlySet<number> = new Set([
  0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
]);
/** Prefixes that select among instructions with the same opcode. */
const SELECTING = new Set([0x66, 0xf2, 0xf3]);
const isRex = (byte: number, { bits }: DecoderMode): boolean => bits === 64 && (byte & 0xf0) === 0x40;

/** Names that objdump shows of prefixes without an instruction. */
const LONE_PREFIX =
  /^(rex(\.\w+)?|data16|data32|addr16|addr32|lock|repz|repnz|rep|cs|ds|es|fs|gs|ss|bnd|xacquire|xrelease|notrack|\{vex\})$/;

/** Whether objdump says that there is no instruction. */
export function isInvalid({ text }: Shown): boolean {
  return /\(bad\)|\?|^\.byte/.test(text) || text.split(/\s+/).every((word) => LONE_PREFIX.test(word));
}

/**
 * A REX prefix before another prefix has no effect (SDM vol. 2, 2.2.1), but objdump shows it as an instruction. Returns
 * the string without such prefixes.
 */
export function withoutVoidRex(bytes: Uint8Array, mode: DecoderMode): Uint8Array {
  const kept: number[] = [];
  let at = 0;
  for (; at < bytes.length; at++) {
    const [byte, next] = [bytes[at] as number, bytes[at + 1] ?? 0x90];
    if (isRex(byte, mode)) {
      if (!PREFIXES.has(next) && !isRex(next, mode)) break;
    } else if (PREFIXES.has(byte)) kept.push(byte);
    else break;
  }
  return Uint8Array.from([...kept, ...bytes.subarray(at)]);
}

/** A difference; without a reason it is an error. */
export interface Difference {
  /** Differences of the same kind have the same text. */
  readonly kind: string;
  readonly reason?: string;
}

/** A reason for which objdump and we may differ. */
interface Reason {
  readonly reason: string;
  readonly applies: (one: Comparison, opcode: Opcode, mode: DecoderMode) => boolean;
}

/** The bytes of a string after its prefixes. */
interface Opcode {
  readonly prefixes: readonly number[];
  readonly first: number;
  readonly second: number;
  readonly third: number;
}

/** Whether an opcode is the first byte of a prefix EVEX or XOP, if there is none of BOUND or POP. */
export const isOtherVector = (first: number | undefined): boolean => first === 0x62 || first === 0x8f;

const isX87Register = ({ first, second }: Opcode): boolean => (first & 0xf8) === 0xd8 && second >= 0xc0;
const mnemonicOf = (text: string): string => withoutPrefixes(text).split(' ')[0] as string;

/** Where objdump is lenient, or shows something else than one instruction. Each was compared with a processor. */
const REASONS: readonly Reason[] = [
  {
    reason: 'an instruction of one byte after fourteen prefixes',
    applies: ({ ours, theirs }, { prefixes }) => ours === 15 && prefixes.length === 14 && isInvalid(theirs),
  },
  {
    reason: 'LOCK is not allowed there',
    applies: ({ ours }, { prefixes }) => ours === 0 && prefixes.includes(0xf0),
  },
  {
    reason: 'not implemented: AVX-512, XOP',
    applies: ({ ours }, { first }) => ours === 0 && isOtherVector(first),
  },
  {
    reason: 'a prefix before VEX that raises #UD',
    applies: ({ ours, bytes }, { first }, mode) =>
      ours === 0 &&
      (first === 0xc4 || first === 0xc5) &&
      bytes.subarray(0, bytes.indexOf(first)).some((byte) => SELECTING.has(byte) || isRex(byte, mode)),
  },
  {
    reason: 'VZEROUPPER, VZEROALL, VLDMXCSR and VSTMXCSR have no other prefix in that of VEX',
    applies: ({ ours, theirs, bytes }, { prefixes, first }) =>
      ours === 0 &&
      /^v(zero|ldmxcsr|stmxcsr)/.test(mnemonicOf(theirs.text)) &&
      ((bytes[prefixes.length + (first === 0xc5 ? 1 : 2)] ?? 0) & 3) !== 0,
  },
  {
    reason: 'WAIT is an instruction, which objdump joins with the next',
    applies: ({ ours }, { prefixes, first }) => first === 0x9b && ours === prefixes.length + 1,
  },
  {
    reason: 'NOPs, which are instructions of MPX only where it exists',
    applies: ({ ours, theirs }, { first, second }) =>
      first === 0x0f && (second === 0x1a || second === 0x1b) && ours > 0 && /^bnd/.test(mnemonicOf(theirs.text)),
  },
  {
    reason: 'a control or debug register that does not exist',
    applies: ({ ours, theirs }, { first, second }) =>
      ours === 0 && first === 0x0f && second >= 0x20 && second <= 0x23 && mnemonicOf(theirs.text) === 'mov',
  },
  {
    reason: 'SWAPGS exists in 64-bit mode only',
    applies: ({ ours, theirs }, _, { bits }) => ours === 0 && bits !== 64 && mnemonicOf(theirs.text) === 'swapgs',
  },
  {
    reason: 'VMMCALL has no mandatory prefix (APM vol. 3, VMMCALL, VMGEXIT)',
    applies: ({ ours }, { prefixes, first, second, third }) =>
      ours > 0 && first === 0x0f && second === 0x01 && third === 0xd9 && prefixes.includes(0x66),
  },
  {
    reason: 'SALC, which manuals do not list',
    applies: ({ ours, theirs }, { first }) => ours > 0 && first === 0xd6 && isInvalid(theirs),
  },
  {
    reason: 'CS is no destination of MOV',
    applies: ({ ours }, { first, second }) => ours === 0 && first === 0x8e && (second & 0x38) === 0x08,
  },
  {
    reason: 'WBINVD ignores prefixes',
    applies: ({ ours }, { first, second }) => ours > 0 && first === 0x0f && second === 0x09,
  },
  {
    reason: 'BSF and BSR ignore F2',
    applies: ({ ours }, { prefixes, first, second }) =>
      ours > 0 && first === 0x0f && (second === 0xbc || second === 0xbd) && prefixes.includes(0xf2),
  },
  {
    reason: 'fences ignore ModRM.rm',
    applies: ({ ours }, { first, second, third }) => ours > 0 && first === 0x0f && second === 0xae && third >= 0xe8,
  },
  {
    reason: 'a prefix that the instruction does not allow',
    applies: ({ ours }, { prefixes, first, second }) =>
      ours === 0 &&
      first === 0x0f &&
      (second === 0xae || second === 0xd7) &&
      prefixes.some((byte) => SELECTING.has(byte)),
  },
  {
    reason: 'an instruction of the 80287',
    applies: ({ ours }, { first, second }) => ours === 0 && first === 0xdb && second === 0xe5,
  },
  {
    reason: 'aliases of x87 instructions, which manuals do not list',
    applies: ({ ours, theirs }, opcode) => ours > 0 && isInvalid(theirs) && isX87Register(opcode),
  },
];

function opcodeOf(bytes: Uint8Array, mode: DecoderMode): Opcode {
  const at = bytes.findIndex((byte) => !PREFIXES.has(byte) && !isRex(byte, mode));
  const [first = 0, second = 0, third = 0] = bytes.subarray(at);
  return { prefixes: [...bytes.subarray(0, Math.max(0, at))], first, second, third };
}

/** The difference that a comparison shows; undefined if there is none. */
export function differenceOf(one: Comparison, mode: DecoderMode): Difference | undefined {
  const { bytes, ours, theirs } = one;
  const invalid = isInvalid(theirs);
  if (ours === 0 && invalid) return undefined;
  const removed = bytes.length - withoutVoidRex(bytes, mode).length;
  const length = theirs.length + removed;
  if (ours > 0 ? !invalid && ours === length : length > LONGEST) return undefined;
  const mnemonic = mnemonicOf(theirs.text);
  const feature = ours === 0 ? absentFeature(withoutPrefixes(theirs.text)) : undefined;
  if (feature !== undefined) return { kind: mnemonic, reason: `not implemented: ${feature}` };
  const opcode = opcodeOf(bytes, mode);
  const reason = REASONS.find(({ applies }) => applies(one, opcode, mode))?.reason;
  const kind = ours === 0 ? 'not ours' : invalid ? 'only ours' : 'length';
  return { kind: `${kind}: ${mnemonic}`, ...(reason === undefined ? {} : { reason }) };
}

/** A text of objdump without prefixes before the mnemonic. */
export function withoutPrefixes(text: string): string {
  const words = text.split(' ');
  while (words.length > 1 && LONE_PREFIX.test(words[0] as string)) words.shift();
  return words.join(' ');
}
