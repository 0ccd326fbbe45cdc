import { Random } from '@qvm/isa-testing';
import { narrowPlace } from './narrow-machine.test.helper.js';
import { NarrowWriter } from './narrow-program.test.helper.js';
import { DATA, randomInstruction, randomOffset } from './random-instruction.test.helper.js';
import { TIER_MODES } from './tier-program.test.helper.js';
import type { TierMode, TierProgram } from './tier-program.test.helper.js';

const MAX_DEPTH = 3;
const FUNCTIONS = 4;
/** Vector that ends a program, and the window page, which maps one of two pages of code. */
export const END_VECTOR = 0x41;
export const WINDOW = 0x28_0000;
/** Address of the window's page-table entry. */
export const WINDOW_ENTRY = 0x7_8000 + 0x80 * 8;
const STRINGS = ['a4', 'a5', '48 a5', '66 a5', 'aa', 'ab', '48 ab', 'a6', 'a7', 'ae', '48 af', 'ac', '48 ad'];
const PLAIN = 12;

const hex = (byte: number): string => (byte & 255).toString(16).padStart(2, '0');
const word32 = (value: number): string => [0, 8, 16, 24].map((shift) => hex(value >>> shift)).join(' ');

/** Writes random programs with bounded loops and calls. */
class Writer {
  #labels = 0;
  readonly #patches: string[] = [];

  constructor(
    private readonly random: Random,
    private readonly cpl: 0 | 3,
  ) {}

  block(pieces: number, depth: number, caller: number): string[] {
    return Array.from({ length: pieces }, () => this.#resumable(this.#piece(depth, caller))).flat();
  }

  /** The function with a number; it calls only later ones. Some begin near the end of a page. */
  function(number: number): string[] {
    const place = this.random.chance(0.3) ? [`align 4096 ${this.random.between(1, 60)}`] : [];
    return [...place, `f${number}:`, ...this.block(this.random.between(1, 4), 1, number), 'c3'];
  }

  /** Two adjacent pages of code; the window page maps one of them. */
  windows(): string[] {
    const page = (): string[] => [...this.#resumable(this.#plain(6)), 'c3', 'align 4096'];
    return ['align 8192', 'window:', ...page(), ...page()];
  }

  /** After an exception, the program continues at the end of the piece, with the stack as it was. */
  #resumable(piece: readonly string[]): string[] {
    if (!piece.some((line) => line.startsWith('!'))) return [...piece];
    const end = this.#label();
    return [`4c 8d 1d >${end}`, ...piece.map((line) => line.replace(/^!/, '')), `${end}:`];
  }

  #piece(depth: number, caller: number): string[] {
    const { random } = this;
    if (depth < MAX_DEPTH && random.chance(0.4))
      return random.pick([
        this.#if,
        this.#if,
        this.#loop,
        this.#loop,
        this.#knot,
        this.#switch,
        this.#call,
        this.#call,
      ])(depth, caller);
    const kind = random.below(20 + PLAIN);
    if (kind < PLAIN) return this.#plain(random.between(1, 6));
    return (
      [
        () => this.#string(),
        () => this.#string(),
        () => this.#repeated(),
        () => this.#repeated(),
        () => this.#stack(),
        () => this.#stack(),
        () => this.#stack(),
        () => this.#flags(),
        () => this.#exception(),
        () => this.#patch(),
        () => this.#patch(),
        () => this.#window(),
        () => this.#remap(),
        () => this.#pointer(),
        () => this.#pointer(),
        () => this.#x87Reset(),
      ][(kind - PLAIN) % 16] as () => string[]
    )();
  }

  #label(): string {
    return `l${this.#labels++}`;
  }

  #plain(count: number): string[] {
    return Array.from({ length: count }, () => `!${randomInstruction(this.random)}`);
  }

  /** Jcc with 32 bits; the condition is often that of a comparison directly before. */
  #condition(target: string): string[] {
    const { random } = this;
    const [x, y] = [random.pick([0, 1, 2, 5, 6, 7]), random.pick([0, 1, 2, 5, 6, 7])];
    const compare = [
      `${random.pick(['38', '39', '3a', '3b', '84', '85', '48 39', '66 39'])} ${hex(0xc0 | (x << 3) | y)}`,
    ];
    return [...(random.chance(0.6) ? compare : []), `0f ${hex(0x80 | random.below(16))} >${target}`];
  }

  readonly #if = (depth: number, caller: number): string[] => {
    const [other, end] = [this.#label(), this.#label()];
    const yes = this.block(2, depth + 1, caller);
    if (this.random.chance(0.5)) return [...this.#condition(end), ...yes, `${end}:`];
    const no = this.block(1, depth + 1, caller);
    return [...this.#condition(other), ...yes, `e9 >${end}`, `${other}:`, ...no, `${end}:`];
  };

  /** The counter is on the stack, because functions and inner loops have loops of their own. */
  readonly #loop = (depth: number, caller: number): string[] => {
    const head = this.#label();
    return [...this.#count(), `${head}:`, ...this.block(2, depth + 1, caller), ...this.#next(head)];
  };

  /** A loop that is entered in its middle, too, which makes it irreducible. */
  readonly #knot = (depth: number, caller: number): string[] => {
    const [head, middle] = [this.#label(), this.#label()];
    return [
      ...this.#count(),
      ...this.#condition(middle),
      `${head}:`,
      ...this.block(1, depth + 1, caller),
      `${middle}:`,
      ...this.block(1, depth + 1, caller),
      ...this.#next(head),
    ];
  };

  /** push r12; mov r12d, count */
  #count(): string[] {
    return ['41 54', `41 bc ${word32(this.random.between(1, 12))}`];
  }

  /** dec r12d; jnz head; pop r12 */
  #next(head: string): string[] {
    return ['41 ff cc', `0f 85 >${head}`, '41 5c'];
  }

  /** A jump by a table: lea r11, table; and eax, 3; jmp [r11 + rax * 8] */
  readonly #switch = (depth: number, caller: number): string[] => {
    const [table, end] = [this.#label(), this.#label()];
    const cases = Array.from({ length: 4 }, () => this.#label());
    return [
      `4c 8d 1d >${table}`,
      '83 e0 03',
      '41 ff 24 c3',
      `${table}:`,
      ...cases.map((name) => `=${name}`),
      ...cases.flatMap((name) => [`${name}:`, ...this.block(1, depth + 1, caller), `e9 >${end}`]),
      `${end}:`,
    ];
  };

  readonly #call = (_: number, caller: number): string[] => {
    if (caller + 1 >= FUNCTIONS) return this.#plain(2);
    const name = `f${this.random.between(caller + 1, FUNCTIONS - 1)}`;
    // call name; or lea rbp, name; call rbp
    return this.random.chance(0.6) ? [`e8 >${name}`] : [`48 8d 2d >${name}`, 'ff d5'];
  };

  #address(register: 6 | 7): string[] {
    // mov esi or edi, address
    return [`${hex(0xb8 | register)} ${word32(DATA + randomOffset(this.random))}`];
  }

  #string(): string[] {
    return [...this.#address(6), ...this.#address(7), `!${this.random.pick(STRINGS)}`];
  }

  #repeated(): string[] {
    const { random } = this;
    const direction = random.chance(0.2) ? (['fd', 'fc'] as const) : undefined;
    const line = `${random.pick(['f3', 'f3', 'f2'])} ${random.pick(STRINGS)}`;
    const count = random.chance(0.2) ? random.below(3000) : random.below(40);
    const near = random.chance(0.3) ? [`48 8d 7e ${hex(random.between(-17, 17))}`] : this.#address(7);
    const body = [...this.#address(6), ...near, `b9 ${word32(count)}`, `!${line}`];
    return direction ? [direction[0], ...body, direction[1]] : body;
  }

  /** Pushes with their pops, and what is between them. */
  #stack(): string[] {
    const { random } = this;
    const count = random.between(1, 4);
    const register = (): number => random.pick([0, 1, 2, 5, 6, 7]);
    return [
      ...Array.from({ length: count }, () => hex(0x50 | register())),
      ...Array.from({ length: random.below(3) }, () => `0f ${hex(0x90 | random.below(16))} c0`),
      ...Array.from({ length: count }, () => hex(0x58 | register())),
    ];
  }

  /** pushfq; xor qword [rsp], imm; and qword [rsp], mask; popfq: status flags, DF, AC and ID; then cld */
  #flags(): string[] {
    const { random } = this;
    const change = random.u32() & 0x24_08d5;
    return ['9c', `48 81 34 24 ${word32(change)}`, random.chance(0.3) ? '9d' : '58 50 9d', 'fc'];
  }

  #exception(): string[] {
    return [`!${this.random.pick(['0f 0b', 'cc', 'cd 40', 'f1', '0f 01 d5', 'f7 f1'])}`];
  }

  /** An instruction with an immediate byte that the program changes. */
  #patch(): string[] {
    const { random } = this;
    if (this.#patches.length > 0 && random.chance(0.6)) {
      const name = random.pick(this.#patches);
      // lea rbp, label; mov [rbp + 1], al, which takes effect at once
      return [`48 8d 2d >${name}`, random.chance(0.5) ? '88 45 01' : `c6 45 01 ${hex(random.below(256))}`];
    }
    const name = `p${this.#patches.length}`;
    this.#patches.push(name);
    return [`${name}:`, `${random.pick(['b0', '04', '34'])} ${hex(random.below(256))}`];
  }

  #window(): string[] {
    // mov ebp, window; call rbp
    return [`bd ${word32(WINDOW)}`, 'ff d5'];
  }

  /** Maps the window to the other page, at CPL 0: xor dword [entry], 0x1000; invlpg [window] */
  #remap(): string[] {
    if (this.cpl !== 0) return this.#plain(2);
    return [`81 34 25 ${word32(WINDOW_ENTRY)} 00 10 00 00`, `0f 01 3c 25 ${word32(WINDOW)}`];
  }

  /** mov ebx, address; mov r14d, index */
  #pointer(): string[] {
    const { random } = this;
    return [`bb ${word32(DATA + randomOffset(random))}`, `41 be ${word32(random.below(32))}`];
  }

  /** fninit; or ldmxcsr with all exceptions masked */
  #x87Reset(): string[] {
    return this.random.chance(0.7) ? ['db e3'] : ['6a 00', 'c7 04 24 80 1f 00 00', '0f ae 14 24', '58'];
  }
}

/**
 * The random program of a seed.
 *
 * @param only - its mode; default: a random one.
 */
export function randomProgram(seed: number, only?: TierMode): TierProgram {
  const random = new Random(seed);
  const chosen = random.chance(0.4) ? 'long' : random.pick(TIER_MODES);
  const mode = only ?? chosen;
  const cpl = mode === 'virtual8086' || (mode !== 'real' && random.chance(0.4)) ? 3 : 0;
  const setup = {
    mode,
    cpl,
    interrupts: random.chance(0.5) ? random.between(1, 6) : 0,
    demand: mode === 'long' && random.chance(0.5),
    seed: random.u32(),
    step: random.pick([701, 1511, 5003, 20_011]),
    codePages: random.chance(0.2) ? 12 : 64,
  } as const;
  const end = `cd ${hex(END_VECTOR)}`;
  if (mode !== 'long') return { setup, lines: new NarrowWriter(random, narrowPlace(mode, cpl)).program(end) };
  const writer = new Writer(random, cpl);
  const main = ['41 bd 30 00 00 00', 'again:', ...writer.block(random.between(5, 14), 0, -1)];
  // dec r13d; jnz again; int END_VECTOR
  const lines = [...main, '41 ff cd', '0f 85 >again', end];
  for (let n = 0; n < FUNCTIONS; n++) lines.push(...writer.function(n));
  return { setup, lines: [...lines, ...writer.windows()] };
}
