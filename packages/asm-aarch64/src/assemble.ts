import { assembleSource } from '@qvm/assembly';
import type { AssembleOptions, Assembled } from '@qvm/assembly';
import { A64Dialect } from './a64-dialect.js';

export type { AssembleOptions, Assembled } from '@qvm/assembly';

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
export const assemble = (source: string, options: AssembleOptions = {}): Assembled =>
  assembleSource(source, options, new A64Dialect());
