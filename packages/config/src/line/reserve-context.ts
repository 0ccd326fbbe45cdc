import type { ReserveDraft } from '../draft.js';
import type { SourceLocation } from '../location.js';
import type { Token } from './lexer.js';
import type { LineContext, LineReader } from './line-reader.js';
import { interruptNumber, memoryLocation } from './places.js';

/**
 * Ranges and interrupts that one `reserve` withholds from vdevs: each `loc` and each `intr` becomes an entry of its
 * own.
 */
export class ReserveContext implements LineContext {
  readonly words = ['loc', 'intr'];
  readonly drafts: ReserveDraft[] = [];

  constructor(private readonly reader: LineReader) {}

  take(word: Token): boolean {
    if (word.text !== 'loc' && word.text !== 'intr') return false;
    const token = this.reader.argument(word);
    if (token === undefined) return true;
    const at = this.reader.at(word);
    if (word.text === 'loc') this.location(token, at);
    else this.interrupt(token, at);
    return true;
  }

  private location(token: Token, at: SourceLocation): void {
    const [base, size, ...rest] = memoryLocation(token, this.reader, 'reserved') ?? [];
    if (base === undefined) return;
    if (rest.length === 0) this.drafts.push({ at, base, size, irq: undefined });
    else this.reader.error(token, 'config.bad-location', 'a reserved range is an address and a length');
  }

  private interrupt(token: Token, at: SourceLocation): void {
    const number = interruptNumber(token, this.reader);
    if (number === undefined) return;
    const irq = { value: Number(number.value), at: number.at };
    this.drafts.push({ at, base: undefined, size: undefined, irq });
  }
}
