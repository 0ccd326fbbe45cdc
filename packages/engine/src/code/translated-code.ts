import type { CodeTranslatedEvent } from '@qvm/core/hooks';
import { PAGE_BITS, regionText } from '@qvm/jit';
import type { Block, Builder } from '@qvm/jit';
import { PAGE_BYTES } from '../memory/page.js';
import type { CodeCache } from './code-cache.js';
import type { InstalledRegion } from './region-cache.js';

/**
 * Disassembly of an instruction for a listing, with its bytes.
 *
 * @param code - VM memory address of the instruction.
 * @param address - its guest address.
 * @param mode - number of the mode of the code (`InstructionSet.mode`).
 * @experimental
 */
export type InstructionText = (code: number, address: bigint, mode: number) => string;

/**
 * The event of the hook `codeTranslated` for a region. Instructions are read from the guest when `text` is called.
 *
 * @experimental
 */
export function translatedCode<B extends Builder>(
  { graph, slots, page, inlined, translate }: InstalledRegion<B>,
  code: Pick<CodeCache, 'pageAt'>,
  instructionText: InstructionText,
  mode: number,
): Omit<CodeTranslatedEvent, 'vm'> {
  const addressOf = (offset: number): bigint => BigInt.asUintN(48, BigInt(page + offset));
  const codeAt = (offset: number): number =>
    code.pageAt(slots.get(offset >> PAGE_BITS) as number) + (offset & (PAGE_BYTES - 1));
  return {
    address: addressOf((graph.blocks[0] as Block<B>).start),
    level: inlined ? 'inlined' : 'plain',
    instructions: graph.instructions,
    pages: graph.pages.map((number) => addressOf(number * PAGE_BYTES)),
    text: () =>
      regionText(graph, BigInt(page), ({ offset }) => instructionText(codeAt(offset), addressOf(offset), mode)),
    module: translate,
  };
}
