/** Names of registers, by the numbers that instructions have for them. */

const LEGACY = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const NUMBERED = Array.from({ length: 8 }, (_, i) => `r${i + 8}`);

/** General registers of 8 bits (with a REX prefix), 16, 32 and 64 bits. */
const GENERAL: readonly (readonly string[])[] = [
  ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil', ...NUMBERED.map((name) => `${name}b`)],
  [...LEGACY, ...NUMBERED.map((name) => `${name}w`)],
  [...LEGACY.map((name) => `e${name}`), ...NUMBERED.map((name) => `${name}d`)],
  [...LEGACY.map((name) => `r${name}`), ...NUMBERED],
];
/** Registers 4–7 of 8 bits in an instruction without REX. */
const HIGH_BYTES = ['ah', 'ch', 'dh', 'bh'];

/** Segment registers. */
export const SEGMENTS: readonly string[] = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];

/** A general register. @param size - log2 of its bytes. @param rex - whether the instruction has a REX prefix. */
export function generalName(number: number, size: number, rex: boolean): string {
  const high = size === 0 && !rex && number >= 4 && number < 8;
  return (high ? HIGH_BYTES[number - 4] : GENERAL[size]?.[number]) ?? '?';
}

/** A register as an operand that text names. */
export interface NamedRegister {
  readonly registers: 'general' | 'xmm' | 'mmx' | 'segment' | 'control' | 'debug' | 'x87' | 'ip';
  readonly number: number;
  /** log2 of its bytes, 4 and 5 of vectors; −1 where there is only one size. */
  readonly size: number;
  /** Whether it can be named only with a REX prefix, or only without one. */
  readonly rex?: 'needed' | 'forbidden';
}

function all(): ReadonlyMap<string, NamedRegister> {
  const names = new Map<string, NamedRegister>();
  GENERAL.forEach((list, size) =>
    list.forEach((name, number) => {
      const needed = size === 0 && number >= 4 && number < 8;
      names.set(name, { registers: 'general', number, size, ...(needed ? { rex: 'needed' } : {}) });
    }),
  );
  HIGH_BYTES.forEach((name, i) => names.set(name, { registers: 'general', number: i + 4, size: 0, rex: 'forbidden' }));
  const add = (registers: NamedRegister['registers'], count: number, nameOf: (n: number) => string): void => {
    for (let number = 0; number < count; number++) names.set(nameOf(number), { registers, number, size: -1 });
  };
  add('segment', SEGMENTS.length, (n) => SEGMENTS[n] as string);
  for (const [size, name] of [
    [4, 'xmm'],
    [5, 'ymm'],
  ] as const)
    for (let number = 0; number < 16; number++) names.set(`${name}${number}`, { registers: 'xmm', number, size });
  add('mmx', 8, (n) => `mm${n}`);
  add('control', 16, (n) => `cr${n}`);
  add('debug', 16, (n) => `dr${n}`);
  names.set('st', { registers: 'x87', number: 0, size: -1 });
  names.set('eip', { registers: 'ip', number: 0, size: 2 });
  names.set('rip', { registers: 'ip', number: 0, size: 3 });
  return names;
}

/** All registers by name, in lower case. */
export const REGISTERS: ReadonlyMap<string, NamedRegister> = all();
