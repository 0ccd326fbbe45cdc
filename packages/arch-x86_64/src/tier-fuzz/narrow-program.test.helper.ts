import type { Random } from '@qvm/isa-testing';
import { randomOffset } from './random-instruction.test.helper.js';
import { narrowInstruction, narrowRegister, number, POINTER } from './narrow-instruction.test.helper.js';
import type { Narrow } from './narrow-instruction.test.helper.js';

/** Offset in the code segment, and so in GS, of the address at which a program continues after an exception. */
export const RESUME = 0xff00;
/** Offset of the counters of loops there. */
const COUNTERS = 0xfe00;
const MOST_COUNTERS = 56;
const MAX_DEPTH = 3;
const FUNCTIONS = 6;
const ROUNDS = 48;

/** The facts about its machine that a program of 16 or 32 bits needs. */
export interface NarrowPlace extends Narrow {
  /** Selector of its code segment. */
  readonly code: number;
  /** Selectors that it may load into ES and FS. */
  readonly selectors: readonly number[];
}

/** Strings of instructions without operands that raise exceptions. */
const EXCEPTIONS = ['0f 0b', 'cc', 'cd 40', 'f1', 'ce', 'f7 f1', 'd4 00', '0f ff c0'];
const STRINGS = ['a4', 'a5', '66 a5', 'aa', 'ab', '66 ab', 'a6', 'a7', 'ae', 'af', 'ac', 'ad'];
/** Ends of functions: they are called by near and far calls, and as interrupts are. */
const RETURNS = ['c3', 'cb', 'cf'] as const;

const hex = (byte: number): string => (byte & 255).toString(16).padStart(2, '0');

/** Writes random programs of 16- or 32-bit code with bounded loops and calls. */
export class NarrowWriter {
  #labels = 0;
  #counters = 0;
  readonly #patches: string[] = [];

  constructor(
    private readonly random: Random,
    private readonly place: NarrowPlace,
  ) {}

  /** A whole program; `end` are its last words. */
  program(end: string): string[] {
    const main = this.#repeat(ROUNDS, () => this.#block(this.random.between(5, 14), 0, -1));
    const functions = Array.from({ length: FUNCTIONS }, (_, n) => this.#function(n));
    return [...main, end, ...functions.flat()];
  }

  #function(n: number): string[] {
    const start = this.random.chance(0.3) ? [`align 4096 ${this.random.between(1, 60)}`] : [];
    return [...start, `f${n}:`, ...this.#block(this.random.between(1, 4), 1, n), RETURNS[n % RETURNS.length] as string];
  }

  #block(pieces: number, depth: number, caller: number): string[] {
    return Array.from({ length: pieces }, () => this.#resumable(this.#piece(depth, caller))).flat();
  }

  /** After an exception, the program continues at the end of the piece. */
  #resumable(piece: readonly string[]): string[] {
    if (!piece.some((line) => line.startsWith('!'))) return [...piece];
    const end = this.#label();
    return [this.#store(RESUME, this.#offset(end)), ...piece.map((line) => line.replace(/^!/, '')), `${end}:`];
  }

  #piece(depth: number, caller: number): string[] {
    const { random } = this;
    if (depth < MAX_DEPTH && random.chance(0.4))
      return random.pick([this.#if, this.#if, this.#loop, this.#loop, this.#call, this.#call])(depth, caller);
    if (random.chance(0.4)) return this.#plain(random.between(1, 6));
    return random.pick([
      this.#string,
      this.#repeated,
      this.#stack,
      this.#stack,
      this.#flags,
      this.#exception,
      this.#patch,
      this.#segments,
      this.#pointer,
      this.#calm,
    ])();
  }

  #label(): string {
    return `l${this.#labels++}`;
  }

  #word(value: number): string {
    return number(value, this.place.bits);
  }

  /** The offset of a label in the code segment. */
  #offset(label: string): string {
    return `${this.place.bits === 16 ? '&' : '%'}${label}`;
  }

  #distance(label: string): string {
    return `${this.place.bits === 16 ? '~' : '>'}${label}`;
  }

  /** The words of an operand in GS. */
  #gs(opcode: string, extension: number, offset: number): string {
    return `65 ${opcode} ${hex((extension << 3) | (this.place.bits === 16 ? 6 : 5))} ${this.#word(offset)}`;
  }

  /** mov [gs:offset], value */
  #store(offset: number, value: string): string {
    return `${this.#gs('c7', 0, offset)} ${value}`;
  }

  #plain(count: number): string[] {
    return Array.from({ length: count }, () => `!${narrowInstruction(this.random, this.place)}`);
  }

  /** A loop; its counter is in memory. */
  #repeat(count: number, body: () => string[]): string[] {
    const counter = COUNTERS + 4 * (this.#counters++ % MOST_COUNTERS);
    const head = this.#label();
    // dec [gs:counter]; jnz head
    return [
      this.#store(counter, this.#word(count)),
      `${head}:`,
      ...body(),
      this.#gs('ff', 1, counter),
      `0f 85 ${this.#distance(head)}`,
    ];
  }

  readonly #loop = (depth: number, caller: number): string[] =>
    this.#repeat(this.random.between(1, 12), () => this.#block(2, depth + 1, caller));

  readonly #if = (depth: number, caller: number): string[] => {
    const { random } = this;
    const end = this.#label();
    const [x, y] = [narrowRegister(random), narrowRegister(random)];
    const compare = `${random.pick(['38', '39', '3a', '3b', '84', '85', '66 39'])} ${hex(0xc0 | (x << 3) | y)}`;
    return [
      ...(random.chance(0.6) ? [compare] : []),
      `0f ${hex(0x80 | random.below(16))} ${this.#distance(end)}`,
      ...this.#block(2, depth + 1, caller),
      `${end}:`,
    ];
  };

  readonly #call = (_: number, caller: number): string[] => {
    if (caller + 1 >= FUNCTIONS) return this.#plain(2);
    const n = this.random.between(caller + 1, FUNCTIONS - 1);
    const near = `e8 ${this.#distance(`f${n}`)}`;
    const kind = RETURNS[n % RETURNS.length];
    // push cs; pushf; push cs
    if (kind === 'cf') return [`9c 0e ${near}`];
    if (kind === 'cb')
      return this.random.chance(0.5) ? [`0e ${near}`] : [`9a ${this.#offset(`f${n}`)} ${number(this.place.code, 16)}`];
    // mov bp, f; call bp
    return this.random.chance(0.6) ? [near] : [`bd ${this.#offset(`f${n}`)}`, 'ff d5'];
  };

  /** mov si or di, address */
  #address(register: 6 | 7): string {
    return `${hex(0xb8 | register)} ${this.#word(this.place.data + randomOffset(this.random))}`;
  }

  readonly #string = (): string[] => [this.#address(6), this.#address(7), `!${this.random.pick(STRINGS)}`];

  readonly #repeated = (): string[] => {
    const { random } = this;
    const line = `${random.pick(['f3', 'f3', 'f2'])} ${random.pick(STRINGS)}`;
    const count = random.chance(0.2) ? random.below(3000) : random.below(40);
    const body = [this.#address(6), this.#address(7), `b9 ${this.#word(count)}`, `!${line}`];
    return random.chance(0.2) ? ['fd', ...body, 'fc'] : body;
  };

  /** Pushes with their pops, of either operand size, and what is between them. */
  readonly #stack = (): string[] => {
    const { random } = this;
    const prefix = random.chance(0.3) ? '66 ' : '';
    const [all, frame] = [random.chance(0.2), random.chance(0.2)];
    const pushes = Array.from({ length: random.between(1, 4) }, () =>
      random.pick([
        [`${prefix}${hex(0x50 | narrowRegister(random))}`, `${prefix}${hex(0x58 | narrowRegister(random))}`],
        [`6a ${hex(random.below(256))}`, hex(0x58 | narrowRegister(random))],
        ['06', '07'],
        ['16', '17'],
        ['1e', '1f'],
        ['0f a0', '0f a1'],
        ['0e', hex(0x58 | narrowRegister(random))],
      ]),
    );
    // setcc al
    const between = Array.from({ length: random.below(3) }, () => `0f ${hex(0x90 | random.below(16))} c0`);
    return [
      ...(all ? [`${prefix}60`] : []),
      ...(frame ? [`c8 ${number(random.below(64), 16)} ${hex(random.below(3))}`, 'c9'] : []),
      ...pushes.map(([push]) => push as string),
      ...between,
      ...pushes.map(([, pop]) => pop as string).reverse(),
      ...(all ? [`${prefix}61`] : []),
    ];
  };

  /** pushf; pop ax; xor ax, flags; push ax; popf; cld */
  readonly #flags = (): string[] => ['9c', '58', `35 ${this.#word(this.random.u32() & 0x8d5)}`, '50', '9d', 'fc'];

  readonly #exception = (): string[] => [`!${this.random.pick(EXCEPTIONS)}`];

  /** An instruction with an immediate byte that the program changes by way of GS, which takes effect at once. */
  readonly #patch = (): string[] => {
    const { random } = this;
    if (this.#patches.length > 0 && random.chance(0.6)) {
      const operand = this.place.bits === 16 ? '46 01' : '45 01';
      // mov bp, label; mov [gs:bp + 1], al
      const store = random.chance(0.5) ? `65 88 ${operand}` : `65 c6 ${operand} ${hex(random.below(256))}`;
      return [`bd ${this.#offset(random.pick(this.#patches))}`, store];
    }
    const name = `p${this.#patches.length}`;
    this.#patches.push(name);
    return [`${name}:`, `${random.pick(['b0', '04', '34'])} ${hex(random.below(256))}`];
  };

  /** mov ax, selector; mov es or fs, ax */
  readonly #segments = (): string[] => [
    `b8 ${this.#word(this.random.pick(this.place.selectors))}`,
    `8e ${this.random.pick(['c0', 'e0'])}`,
  ];

  /** mov bx, address */
  readonly #pointer = (): string[] => [
    `${hex(0xb8 | POINTER)} ${this.#word(this.place.data + randomOffset(this.random))}`,
  ];

  /** fninit; or ldmxcsr with all exceptions masked: its operand is pushed */
  readonly #calm = (): string[] => {
    if (this.random.chance(0.7)) return ['db e3'];
    return this.place.bits === 16
      ? ['6a 00 68 80 1f', '89 e5 0f ae 56 00', '58 58']
      : ['68 80 1f 00 00', '0f ae 14 24', '58'];
  };
}
