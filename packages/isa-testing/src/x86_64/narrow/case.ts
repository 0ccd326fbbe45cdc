import { CODE_MODES, CodeMode, SegmentRegister, rowsIn, x86Tables } from '@qvm/isa-x86_64';
import type { Encoding, X86Row } from '@qvm/isa-x86_64';
import type { Random } from '../../random.js';
import { WINDOW, WINDOW_BYTES } from '../encode.js';
import { encodeNarrow } from './encode.js';
import type { Sizes } from './encode.js';
import { randomSetup } from './setup.js';
import type { NarrowSize, Setup } from './setup.js';

/** One instruction of 16- or 32-bit code with the state before it. */
export interface NarrowCase {
  readonly row: X86Row;
  readonly sizes: Sizes;
  readonly setup: Setup;
  readonly bytes: readonly number[];
  /** EAX to EDI. */
  readonly registers: readonly number[];
  /** Status flags and DF, as bits of EFLAGS. */
  readonly flags: number;
  readonly data: Uint8Array;
}

const TABLES = ['arithmetic', 'bits', 'control', 'decimal', 'division', 'moves', 'shifts', 'stack', 'strings'] as const;
/**
 * Instructions that ring 3 cannot execute, that the vCPU executes, that jump to random addresses, and those of which QEMU
 * and processors differ.
 */
const NOT_RECORDED = new Set([
  ...['CLI', 'STI', 'PUSHF, PUSHFQ', 'POPF, POPFQ', 'ENTER', 'HLT', 'PAUSE', 'MOVBE'],
  ...['JMP (indirect)', 'CALL (indirect)', 'RET', 'RET (imm16)', 'RET (far)', 'IRET, IRETD, IRETQ'],
  ...['CALL (far, immediate)', 'JMP (far, immediate)', 'CALL (far, memory)', 'JMP (far, memory)'],
  ...['INT', 'INT3', 'INT1', 'INTO', 'UD2', 'UD1, UD0', 'NOP'],
]);
/** F6 /1, F7 /1: TEST, which QEMU does not have. */
const SECOND_TEST = /^F[67] \/1/;
/** The modes that are recorded. */
export const NARROW_MODES = [CodeMode.Flat32, CodeMode.Code32, CodeMode.Code16] as const;

/** The rows of a mode that are recorded. */
export const narrowRows = (mode: CodeMode): readonly X86Row[] =>
  rowsIn(
    TABLES.flatMap((table) => x86Tables[table]).filter(({ name }) => !NOT_RECORDED.has(name)),
    CODE_MODES[mode]!,
  );

/** Random cases of a row in a mode: `count` for each encoding, operand and address size, in registers and memory. */
export function* narrowCases(random: Random, mode: CodeMode, row: X86Row, count: number): Generator<NarrowCase> {
  for (const encoding of row.encodings.filter(({ text }) => !SECOND_TEST.test(text)))
    for (const [sizes, inMemory] of variantsOf(encoding, row, mode))
      for (let i = 0; i < count; i++) yield randomCase(random, mode, row, encoding, sizes, inMemory);
}

function variantsOf({ operands }: Encoding, row: X86Row, mode: CodeMode): (readonly [Sizes, boolean])[] {
  const places = operands.map(({ place }) => place);
  const memories = places.includes('memory') ? [true] : places.includes('rm') ? [false, true] : [false];
  const jumps = places.includes('relative');
  const flat = mode === CodeMode.Flat32;
  // In flat code, jumps of 16 bits lead out of the pages of code, and strings of 16 bits are not in the window.
  const operandSizes: NarrowSize[] = (jumps && flat) || exclude16(row) ? [2] : [1, 2];
  return memories.flatMap((inMemory) => {
    const implicit = row.options.string !== undefined;
    const addressed = inMemory || places.includes('offset') || row.options.counted === true;
    const addresses: NarrowSize[] = implicit
      ? flat
        ? [2]
        : [1, 2]
      : addressed
        ? [1, 2]
        : [mode === CodeMode.Code16 ? 1 : 2];
    return addresses.flatMap((address) => operandSizes.map((operand) => [{ operand, address }, inMemory] as const));
  });
}

/** The registers for ModRM.reg. The bit number of BT is not part of the address. */
const regsFor = ({ name }: X86Row, inMemory: boolean): readonly number[] =>
  name.startsWith('BT') && inMemory ? [EAX, ECX, EDX] : [EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI];

/** BSWAP of 16 bits is undefined. */
const exclude16 = ({ name }: X86Row): boolean => name === 'BSWAP';

const SPECIAL = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const [EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI] = [0, 1, 2, 3, 4, 5, 6, 7];
/** Upper half of the stack pointer of the executor, which a stack of 16 bits keeps. */
const UPPER_HALF = 0x10_0000;

function randomCase(
  random: Random,
  mode: CodeMode,
  row: X86Row,
  encoding: Encoding,
  sizes: Sizes,
  inMemory: boolean,
): NarrowCase {
  const setup = randomSetup(random, mode);
  const { bytes, registers: fixed } = encodeNarrow(random, encoding, sizes, inMemory, setup, regsFor(row, inMemory));
  const code = [...bytes];
  const value = (): number => (random.chance(0.3) ? random.pick(SPECIAL) : random.u32() >>> random.below(32));
  const registers = Array.from({ length: 8 }, value);
  const at = (segment: SegmentRegister): number => WINDOW + 64 + random.below(96) - (setup.bases[segment] as number);
  const { name, options } = row;
  const prefixes: number[] = [];
  let flags = random.u32() & 0x8d5;
  if (name.startsWith('BT')) registers.forEach((n, i) => (registers[i] = ((n << 23) >> 23) >>> 0));
  const stack = at(SegmentRegister.SS);
  registers[ESP] = setup.stackSize === 1 ? UPPER_HALF | stack : stack;
  if (name === 'LEAVE') registers[EBP] = setup.stackSize === 1 ? (random.u32() & ~0xffff) | stack : stack;
  if (options.string) {
    const upper = (): number => (sizes.address === 1 ? random.u32() & ~0xffff : 0);
    [registers[ESI], registers[EDI]] = [upper() | at(SegmentRegister.DS), upper() | at(SegmentRegister.ES)];
    registers[ECX] = upper() | random.below(8);
    if (name === 'XLAT') [registers[EBX], registers[EAX]] = [upper() | at(SegmentRegister.DS), random.below(60)];
    else if (random.chance(0.6)) prefixes.push(random.pick([0xf2, 0xf3]));
    if (random.chance(0.3)) flags |= 0x400;
  }
  if (row.options.counted && random.chance(0.5)) registers[ECX] = (random.below(2) | (random.below(2) << 16)) >>> 0;
  if ((name === 'DIV' || name === 'IDIV') && random.chance(0.7)) registers[EDX] = random.pick([0, 0, 0xffff_ffff]);
  if (name === 'SHLD' || name === 'SHRD') {
    // More than 16 bits of 16 are undefined.
    registers[ECX] = random.below(17);
    if (encoding.operands.some(({ place }) => place === 'immediate')) code.push((code.pop() as number) & 15);
  }
  for (const [n, fixedValue] of fixed) registers[n] = fixedValue;
  const data = Uint8Array.from({ length: WINDOW_BYTES }, () =>
    random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]),
  );
  return { row, sizes, setup, bytes: [...prefixes, ...code], registers: registers.map((n) => n >>> 0), flags, data };
}
