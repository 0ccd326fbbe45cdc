import { Mismatch } from '@qvm/assembly';
import { generalNumber } from './operands/registers.js';
import type { Section } from '@qvm/assembly';
import type { Token } from '@qvm/assembly';

/** `ldr register, =expression`. */
export interface PooledLoad {
  readonly register: number;
  readonly size: 4 | 8;
  readonly tokens: readonly Token[];
  /** Token of the expression. */
  readonly start: number;
}

/** The pooled load of a statement, or `undefined` if it is another statement. */
export function pooledLoad(tokens: readonly Token[], start: number): PooledLoad | undefined {
  const [mnemonic, register, comma, equals] = tokens.slice(start, start + 4);
  if (mnemonic?.text.toLowerCase() !== 'ldr' || comma?.text !== ',' || equals?.text !== '=') return undefined;
  const name = register?.text.toLowerCase() ?? '';
  const size = name.startsWith('w') ? 4 : 8;
  const number = generalNumber(name, size === 8 ? 'x' : 'w', false);
  if (number === undefined) throw new Mismatch('a general register', register?.column ?? 0);
  return { register: number, size, tokens, start: start + 4 };
}

/** Key under which equal expressions share a constant; expressions whose value depends on the line do not share. */
function keyOf({ size, tokens, start }: PooledLoad, line: number): string {
  const expression = tokens.slice(start);
  const own = expression.some(({ kind, text }) => kind === 'local' || text === '.');
  return [size, own ? line : '', ...expression.map(({ text }) => text)].join(' ');
}

/** The constants for `ldr x0, =value`, placed at `.ltorg` or at the end, the wide ones first. */
export class LiteralPool {
  #pending = new Map<string, { readonly load: PooledLoad; readonly lines: number[] }>();
  /** Address of the constant for the load of each line, from the layout pass. */
  readonly #addresses = new Map<number, bigint>();

  add(load: PooledLoad, line: number): void {
    const key = keyOf(load, line);
    const known = this.#pending.get(key);
    if (known) known.lines.push(line);
    else this.#pending.set(key, { load, lines: [line] });
  }

  /** Places the pending constants; `emit` writes one. */
  place(section: Section, emit: (load: PooledLoad, line: number) => void): void {
    const literals = [...this.#pending.values()];
    this.#pending = new Map();
    for (const size of [8, 4]) {
      for (const { load, lines } of literals.filter((literal) => literal.load.size === size)) {
        section.align(size);
        for (const line of lines) this.#addresses.set(line, section.address);
        emit(load, lines[0] as number);
      }
    }
  }

  /** Encodes a load at `pc`. */
  encode({ register, size, tokens, start }: PooledLoad, line: number, pc: bigint): number {
    const distance = (this.#addresses.get(line) ?? pc) - pc;
    if (distance >= 1n << 20n) throw new Mismatch('an .ltorg within 1 MiB', tokens[start]?.column ?? 0);
    return ((size === 8 ? 0x58000000 : 0x18000000) | (Number(distance / 4n) << 5) | register) >>> 0;
  }
}
