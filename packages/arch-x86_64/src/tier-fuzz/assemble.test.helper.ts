/** Code, and the addresses of its labels. */
export interface Assembled {
  readonly bytes: readonly number[];
  readonly labels: ReadonlyMap<string, number>;
}

const LENGTHS: Readonly<Record<string, number>> = { '>': 4, '@': 4, '=': 8, '~': 2, '&': 2, '%': 4 };

/** Length of what a word of a line stands for, in bytes. */
function lengthOf(word: string): number {
  return LENGTHS[word[0] as string] ?? 1;
}

const littleEndian = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Number((BigInt.asUintN(64, BigInt(value)) >> BigInt(8 * i)) & 255n));

/** Bytes that the place of a line needs before it: `align 4096 20` begins 20 bytes before a multiple of 4,096. */
function padding(words: readonly string[], at: number): number {
  const [unit, before] = [Number(words[1]), Number(words[2] ?? 0)];
  return (((-at - before) % unit) + unit) % unit;
}

/**
 * Assembles lines: `label:`, `align`, and instructions as words: bytes in hexadecimal, `>label` and `@address`:
 * distances of 32 bits from the end of the line, `~label`: of 16 bits; `=label`: an address of 64 bits; `&label`, `%label`: the
 * offset in the code segment, of 16 and 32 bits. Gaps are filled with NOP.
 *
 * @param segment - base of the code segment.
 * @throws Error for a label that does not exist, or exists twice.
 */
export function assemble(lines: readonly string[], origin: number, segment = 0): Assembled {
  const labels = new Map<string, number>();
  const places: { words: readonly string[]; at: number; end: number }[] = [];
  let at = origin;
  for (const line of lines) {
    const words = line.split(' ');
    const [first = ''] = words;
    if (first.endsWith(':')) {
      if (labels.has(first)) throw new Error(`the label ${first} is there twice`);
      labels.set(first, at);
    } else if (first === 'align') at += padding(words, at);
    else {
      const end = at + words.reduce((sum, word) => sum + lengthOf(word), 0);
      places.push({ words, at, end });
      at = end;
    }
  }
  const addressOf = (name: string): number => {
    const address = labels.get(`${name}:`);
    if (address === undefined) throw new Error(`there is no label ${name}`);
    return address;
  };
  const bytes = new Array<number>(at - origin).fill(0x90);
  for (const { words, at: from, end } of places)
    bytes.splice(from - origin, end - from, ...words.flatMap((word) => encode(word, end, addressOf, segment)));
  return { bytes, labels };
}

function encode(word: string, end: number, addressOf: (name: string) => number, segment: number): number[] {
  const rest = word.slice(1);
  if (word.startsWith('>')) return littleEndian(addressOf(rest) - end, 4);
  if (word.startsWith('@')) return littleEndian(Number.parseInt(rest, 16) - end, 4);
  if (word.startsWith('~')) return littleEndian(addressOf(rest) - end, 2);
  if (word.startsWith('&')) return littleEndian(addressOf(rest) - segment, 2);
  if (word.startsWith('%')) return littleEndian(addressOf(rest) - segment, 4);
  if (word.startsWith('=')) return littleEndian(addressOf(rest), 8);
  return [Number.parseInt(word, 16)];
}
