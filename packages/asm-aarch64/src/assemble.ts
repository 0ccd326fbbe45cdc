import { Program } from './program.js';

/**
 * Options of {@link assemble}.
 *
 * @experimental
 */
export interface AssembleOptions {
  /** Address of the first byte. Default 0. */
  readonly origin?: number | bigint;
  /** Names that the source may use without defining them. */
  readonly symbols?: Readonly<Record<string, bigint>>;
}

/**
 * A flat image.
 *
 * @experimental
 */
export interface Assembled {
  /** Address of the first byte. */
  readonly origin: bigint;
  /** The code. */
  readonly bytes: Uint8Array;
  /** Addresses of the named labels. */
  readonly labels: ReadonlyMap<string, bigint>;
}

/**
 * Assembles A64 source text in the syntax of the Arm ARM (C1.2), with the GNU assembler's directives for data. Each
 * line has one statement after any labels (`name:`, and numeric ones that are referred to as `1b` and `1f`). Supported
 * are expressions of numbers, labels and `.`, comments after `//` or `;` and in slash-stars, constants by `ldr x0,
 * =value` with `.ltorg`, and `:lo12:` for page offsets. Every implemented instruction can be written (see `a64Rows`).
 *
 * Directives: `.byte .hword .word .quad .inst` (and the synonyms `.short .long .xword .2byte .4byte .8byte`), `.ascii
 * .asciz .string`, `.align .p2align .balign`, `.space .skip .zero`, `.org`, `.equ .set`, `.ltorg`; `.text .global
 * .globl .arch .cpu` have no effect.
 *
 * @throws AssemblyError with line and column, and the tokens that were expected there.
 * @experimental
 */
export function assemble(source: string, { origin = 0n, symbols = {} }: AssembleOptions = {}): Assembled {
  const program = new Program(source, BigInt(origin), symbols);
  const bytes = program.assemble();
  return { origin: program.origin, bytes, labels: program.symbols.labels };
}
