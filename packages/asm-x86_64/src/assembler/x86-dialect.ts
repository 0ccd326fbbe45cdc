import { Cursor, DIRECTIVES, Mismatch, align, data, ignored } from '@qvm/assembly';
import type { Dialect, Directive, InstructionSite, Pass, Statement, Token } from '@qvm/assembly';
import type { CodeBits } from '../disassemble.js';
import { accepts } from './match.js';
import { candidatesOf } from './candidates.js';
import type { Candidate } from './candidates.js';
import { newDraft } from './draft.js';
import { encode } from './encode.js';
import { parseValue } from './value.js';
import type { Value } from './value.js';

const PREFIXES: Readonly<Record<string, number>> = {
  lock: 0xf0,
  rep: 0xf3,
  repe: 0xf3,
  repz: 0xf3,
  repne: 0xf2,
  repnz: 0xf2,
};
const CODE: Readonly<Record<string, CodeBits>> = { '.code16': 16, '.code32': 32, '.code64': 64 };
const indices = new Map<CodeBits, ReadonlyMap<string, readonly Candidate[]>>();

function indexOf(bits: CodeBits): ReadonlyMap<string, readonly Candidate[]> {
  let index = indices.get(bits);
  if (!index) indices.set(bits, (index = candidatesOf({ bits, flat: bits === 64 })));
  return index;
}

/** A way to encode an instruction. */
interface Encoded {
  readonly bytes: readonly number[];
  readonly candidate: Candidate;
  readonly memorySize: string;
}

/** x86 for `assembleSource`: instructions are as short as they can be, but never become shorter in a later pass. */
export class X86Dialect implements Dialect {
  readonly comments = ['//', ';', '#'];
  readonly relaxes = true;
  readonly directives: Readonly<Record<string, Directive>>;
  /** Length of the instruction of each line so far. */
  readonly #lengths = new Map<number, number>();
  #bits: CodeBits;

  constructor(private readonly initialBits: CodeBits) {
    this.#bits = initialBits;
    const modes = Object.entries(CODE).map(([name, bits]) => [name, () => void (this.#bits = bits)] as const);
    this.directives = {
      ...DIRECTIVES,
      '.word': data(2),
      '.hword': data(2),
      '.int': data(4),
      '.align': align((n) => n),
      '.intel_syntax': ignored,
      ...Object.fromEntries(modes),
    };
  }

  makeCursor(tokens: readonly Token[], site: InstructionSite, start: number): Cursor {
    return new Cursor(tokens, site, start);
  }

  /** The next pass begins in the mode of the first. */
  end(): void {
    this.#bits = this.initialBits;
  }

  instruction({ line, tokens, start }: Statement, { section, site }: Pass): void {
    const bytes = this.#encode(tokens, start, site(), this.#lengths.get(line) ?? 0);
    this.#lengths.set(line, bytes.length);
    section.append(Uint8Array.from(bytes));
  }

  #encode(tokens: readonly Token[], start: number, site: InstructionSite, least: number): readonly number[] {
    const leading: number[] = [];
    let at = start;
    for (;;) {
      const prefix = PREFIXES[(tokens[at] as Token).text.toLowerCase()];
      if (prefix === undefined || tokens[at + 1]?.kind !== 'name') break;
      leading.push(prefix);
      at++;
    }
    const mnemonic = tokens[at] as Token;
    const candidates = indexOf(this.#bits).get(mnemonic.text.toLowerCase());
    if (!candidates) throw new Mismatch('an instruction or a directive', mnemonic.column);
    const values = operandsOf(tokens, at + 1, site);
    const found = candidates.flatMap((candidate) => this.#attempt(candidate, values, site.pc, leading) ?? []);
    const fitting = unambiguous(ofUsualSize(found), values, mnemonic);
    const long = fitting.filter(({ bytes }) => bytes.length >= least);
    const best = (long.length > 0 ? long : fitting).reduce<Encoded | undefined>(
      (shortest, one) => (shortest && shortest.bytes.length <= one.bytes.length ? shortest : one),
      undefined,
    );
    if (!best) throw new Mismatch(`operands that ${mnemonic.text} has`, (tokens[at + 1] as Token).column);
    return best.bytes;
  }

  #attempt(
    candidate: Candidate,
    values: readonly Value[],
    pc: bigint,
    leading: readonly number[],
  ): Encoded | undefined {
    const { operands } = candidate.syntax;
    if (candidate.isBare ? values.length > 0 : operands.length !== values.length) return undefined;
    if (leading.includes(0xf0) && !candidate.encoding.lockable) return undefined;
    const draft = newDraft(candidate, this.#bits);
    if (!values.every((value, i) => accepts(operands[i] as (typeof operands)[number], value, draft))) return undefined;
    const bytes = encode(draft, pc, leading);
    return bytes && { bytes, candidate, memorySize: draft.memorySize };
  }
}

function operandsOf(tokens: readonly Token[], start: number, site: InstructionSite): Value[] {
  let used = 0;
  const count = <T>(value: T): T => {
    used++;
    return value;
  };
  const counting: InstructionSite = {
    pc: site.pc,
    symbol: (name) => count(site.symbol(name)),
    local: (reference) => count(site.local(reference)),
  };
  const cursor = new Cursor(tokens, counting, start);
  const values: Value[] = [];
  if (cursor.atEnd) return values;
  do values.push(parseValue(cursor, () => used));
  while (cursor.accept(','));
  if (!cursor.atEnd) cursor.fail('"," or the end of the line');
  return values;
}

/** Leaves out prefix 66 where no operand asks for it: numbers of PUSH, distances and far addresses of jumps and calls. */
function ofUsualSize(found: readonly Encoded[]): readonly Encoded[] {
  const plain = found.filter(({ candidate }) => !candidate.operandPrefix);
  const needsPrefix = ({ candidate, memorySize }: Encoded): boolean =>
    !plain.some((other) => other.candidate.encoding === candidate.encoding && other.memorySize === memorySize);
  return found.filter((one) => !one.candidate.operandPrefix || needsPrefix(one));
}

/** Refuses operands in memory whose size nothing tells; where 64-bit mode has a default, it is taken. */
function unambiguous(found: readonly Encoded[], values: readonly Value[], { column }: Token): readonly Encoded[] {
  const open = values.some((value) => value.kind === 'memory' && value.size === '');
  if (!open || new Set(found.map(({ memorySize }) => memorySize)).size <= 1) return found;
  const usual = found.filter(({ candidate }) => candidate.encoding.default64 !== undefined && !candidate.operandPrefix);
  if (usual.length === 0) throw new Mismatch('a size before the operand in memory, such as DWORD PTR', column);
  return usual;
}
