import { assembleSource } from '@qvm/assembly';
import type { AssembleOptions as SharedOptions, Assembled } from '@qvm/assembly';
import { X86Dialect } from './assembler/x86-dialect.js';
import type { CodeBits } from './disassemble.js';

/**
 * Options of {@link assemble}.
 *
 * @experimental
 */
export interface AssembleOptions extends SharedOptions {
  /** Code size at the beginning. Default 64. */
  readonly bits?: CodeBits;
}

/**
 * Assembles x86 source text in Intel syntax, as `disassemble` and objdump write it, with the GNU assembler's directives
 * for data. Each line has one statement after any labels (`name:`, and numeric ones that are referred to as `1b` and
 * `1f`). Supported are expressions of numbers, labels and `.`, comments after `//`, `;` or `#` and in slash-stars,
 * `[rip + label]`, sizes such as `DWORD PTR` where no register tells them, and the prefixes LOCK and REP. Every
 * implemented instruction can be written (see `x86Rows`); the shortest encoding is taken.
 *
 * Directives: `.byte .short .word .hword .int .long .quad` (and `.2byte .4byte .8byte`), `.ascii .asciz .string`, `.align
 * .p2align .balign` (`.align` counts bytes; gaps are zeros), `.space .skip .zero`, `.org`, `.equ .set`, `.code16 .code32
 * .code64`; `.text .global .globl .intel_syntax` have no effect.
 *
 * @throws AssemblyError with line and column.
 * @experimental
 */
export const assemble = (source: string, options: AssembleOptions = {}): Assembled =>
  assembleSource(source, options, new X86Dialect(options.bits ?? 64));
