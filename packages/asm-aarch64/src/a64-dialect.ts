import { DIRECTIVES, Mismatch, align, data, end, ignored } from '@qvm/assembly';
import type { Dialect, Directive, InstructionSite, Pass, Statement, Token } from '@qvm/assembly';
import { Cursor } from './cursor.js';
import { encodeInstruction } from './encode-instruction.js';
import { LiteralPool, pooledLoad } from './literal-pool.js';

const WORD = 4;

/** A64 for `assembleSource`: words, and constants in pools. */
export class A64Dialect implements Dialect {
  readonly comments = ['//', ';'];
  readonly relaxes = false;
  readonly directives: Readonly<Record<string, Directive>> = {
    ...DIRECTIVES,
    '.hword': data(2),
    '.word': data(4),
    '.inst': data(4),
    '.xword': data(8),
    '.align': align((n) => 2 ** n),
    '.ltorg': (context) => {
      end(context.cursor);
      this.end(context);
    },
    '.arch': ignored,
    '.cpu': ignored,
  };
  readonly #pool = new LiteralPool();

  makeCursor(tokens: readonly Token[], site: InstructionSite, start: number): Cursor {
    return new Cursor(tokens, site, start);
  }

  instruction({ line, tokens, start }: Statement, { section, site, laysOut }: Pass): void {
    if (section.address % 4n !== 0n) throw new Mismatch('an address that is a multiple of 4 here (.align 2)', 0);
    const load = pooledLoad(tokens, start);
    if (load) this.#pool.add(load, line);
    if (laysOut) section.space(WORD);
    else {
      const word = load ? this.#pool.encode(load, line, section.address) : encodeInstruction(tokens, start, site());
      section.value(BigInt(word), WORD);
    }
  }

  /** Places the constants. */
  end({ section, site, laysOut, at }: Pass): void {
    this.#pool.place(section, ({ size, tokens, start }, line) => {
      if (laysOut) {
        section.space(size);
        return;
      }
      at(line, () => {
        const cursor = new Cursor(tokens, site(), start);
        section.value(cursor.expression(), size);
        if (!cursor.atEnd) cursor.fail('the end of the line');
      });
    });
  }
}
