import { Program } from './program.js';

/**
 * What {@link assemble} takes besides the source.
 *
 * @experimental
 */
export interface AssembleOptions {
  /** Address of the first byte; 0 unless given. */
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
  readonly origin: bigint;
  readonly bytes: Uint8Array;
  /** Addresses of the named labels. */
  readonly labels: ReadonlyMap<string, bigint>;
}

/**
 * Assembles A64 source text, in the syntax of the Arm ARM (C1.2) and with the GNU assembler's directives for data: one statement
 * a line, labels (`name:`, and numeric ones referred to as `1b` and `1f`), expressions of numbers, labels and `.`, comments from
 * `//` or `;` on or between slash-stars, constants by `ldr x0, =value` with `.ltorg`, and `:lo12:` for page offsets. Every
 * implemented instruction can be written (see `a64Rows`).
 *
 * Directives: `.byte .hword .word .quad .inst` (and the synonyms `.short .long .xword .2byte .4byte .8byte`), `.ascii .asciz .string`,
 * `.align .p2align .balign`, `.space .skip .zero`, `.org`, `.equ .set`, `.ltorg`; `.text .global .globl .arch .cpu` say nothing.
 *
 * @throws AssemblyError with the line and column, and what was expected there.
 * @experimental
 */
export function assemble(source: string, { origin = 0n, symbols = {} }: AssembleOptions = {}): Assembled {
  const program = new Program(source, BigInt(origin), symbols);
  const bytes = program.assemble();
  return { origin: program.origin, bytes, labels: program.symbols.labels };
}
