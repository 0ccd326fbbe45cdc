import { Cursor as SharedCursor } from '@qvm/assembly';

export { bare } from '@qvm/assembly';
export type { InstructionSite } from '@qvm/assembly';

/** A position in the tokens of a line of A64. */
export class Cursor extends SharedCursor {
  /** `:lo12:expression`: the offset in its page. */
  protected override extension(): bigint | undefined {
    if (!this.accept(':')) return undefined;
    this.named('lo12', (name) => (name === 'lo12' ? name : undefined));
    this.expect(':');
    return this.expression() & 0xfffn;
  }
}
