import type { CodeTranslatedEvent } from '@qvm/core';
import { PAGE_BITS, RECORD_BYTES, regionText } from '@qvm/jit';
import type { Block } from '@qvm/jit';
import { disassemble } from '@qvm/asm-aarch64';
import type { A64 } from '@qvm/isa-aarch64';
import type { CodeCache } from './vcpu/code-cache.js';
import { PAGE_BYTES } from './vcpu/page.js';
import type { InstalledRegion } from './vcpu/region-cache.js';

/** What the hook `codeTranslated` tells of a region. Instruction words are read from the guest when `text` is called. */
export function translatedCode(
  { graph, slots, page, inlined, translate }: InstalledRegion,
  code: Pick<CodeCache, 'wordAt'>,
): Omit<CodeTranslatedEvent, 'vm'> {
  const addressOf = (offset: number): bigint => BigInt.asUintN(48, BigInt(page + offset));
  const wordAt = (offset: number): number => {
    const slot = slots.get(offset >> PAGE_BITS) as number;
    return code.wordAt(slot + ((offset & (PAGE_BYTES - 1)) / 4) * RECORD_BYTES);
  };
  return {
    address: addressOf((graph.blocks[0] as Block<A64>).start),
    level: inlined ? 'inlined' : 'plain',
    instructions: graph.instructions,
    pages: graph.pages.map((number) => addressOf(number * PAGE_BYTES)),
    text: () => regionText(graph, BigInt(page), ({ offset }) => instructionText(wordAt(offset), addressOf(offset))),
    module: translate,
  };
}

/** An instruction as a listing shows it: its word, and its text if there is one. */
function instructionText(word: number, address: bigint): string {
  return `${word.toString(16).padStart(8, '0')}  ${disassemble(word, address) ?? '.inst'}`;
}
