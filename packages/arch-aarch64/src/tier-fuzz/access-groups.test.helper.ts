import type { Random } from '@qvm/isa-testing';
import { baseLines, plainLines, Reg } from './straight-code.test.helper.js';

/**
 * Distances of page ends from the origin; mostly between pages of plain memory, because faulting accesses leave the
 * region.
 */
const PAGE_ENDS = [
  0x1000, 0x2000, 0x3000, 0x1000, 0x2000, 0x3000, 0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000, 0x7000,
];
/** Largest distance of a group's base from such an end. */
const NEAR = 96;
/** Free registers that hold copies of a group's base. */
const COPIES = [13, 14, 15] as const;
const LOADED = 13;

/** A kind of access: its register width and its mnemonics. */
interface Kind {
  readonly names: readonly string[];
  readonly register: 'w' | 'x' | 'b' | 'h' | 's' | 'd' | 'q';
  readonly bytes: number;
  readonly isPair: boolean;
}

const kind = (names: string, register: Kind['register'], bytes: number, isPair = false): Kind => ({
  names: names.split(' '),
  register,
  bytes,
  isPair,
});

const KINDS: readonly Kind[] = [
  kind('ldr str', 'x', 8),
  kind('ldr str ldrsw', 'x', 8),
  kind('ldr str', 'w', 4),
  kind('ldrb strb ldrsb', 'w', 1),
  kind('ldrh strh ldrsh', 'w', 2),
  kind('ldp stp', 'x', 8, true),
  kind('ldp stp', 'w', 4, true),
  kind('ldr str', 'q', 16),
  kind('ldr str', 'd', 8),
  kind('ldr str', 'b', 1),
  kind('ldp stp', 'q', 16, true),
];

/**
 * Writes groups of accesses by one register, like those of stack frames, structures and unrolled loops: near each
 * other, often on both sides of a page's end, with write-back, copies of the base, and branches around some of them.
 */
export class AccessGroup {
  /** Base registers of accesses: the base, and copies of it. */
  readonly #bases: string[];

  private constructor(
    private readonly random: Random,
    base: string,
  ) {
    this.#bases = [base];
  }

  /** The lines of one group. */
  static lines(random: Random): string[] {
    const isStack = random.chance(0.1);
    const register = random.chance(0.7) ? Reg.data : Reg.pageEnd;
    const group = new AccessGroup(random, isStack ? 'sp' : `x${register}`);
    const accesses = Array.from({ length: random.between(3, 10) }, () => group.#step()).flat();
    return [...group.#begin(register, isStack), ...accesses];
  }

  #begin(register: number, isStack: boolean): string[] {
    const { random } = this;
    const place = random.pick(PAGE_ENDS) + random.between(-NEAR, NEAR) * random.pick([1, 1, 8]);
    const aligned = place & (isStack ? -16 : random.pick([-1, -4, -8, -16]));
    const begin = random.chance(0.6) || isStack ? baseLines(register, aligned) : [];
    return isStack ? [...begin, `mov sp, x${register}`] : begin;
  }

  #step(): string[] {
    const { random } = this;
    const what = random.below(100);
    if (what < 70) return [this.#access()];
    if (what < 80) return this.#copy();
    if (what < 88) return [this.#move()];
    if (what < 94) return plainLines(random);
    return this.#around();
  }

  #base(): string {
    return this.random.pick(this.#bases);
  }

  #access(): string {
    const { random } = this;
    if (random.chance(0.08)) return this.#structures();
    const { names, register, bytes, isPair } = random.pick(KINDS);
    const name = random.pick(names);
    // LDRSW loads four bytes into a register of eight.
    const scale = name === 'ldrsw' ? 4 : bytes;
    const [first, second] = this.#registers(register);
    return `${name} ${isPair ? `${first}, ${second}` : first}, ${this.#address(scale, isPair)}`;
  }

  /** Two registers that hold no base. */
  #registers(register: Kind['register']): [string, string] {
    const { random } = this;
    const first = random.below(LOADED);
    return [`${register}${first}`, `${register}${(first + random.between(1, LOADED - 1)) % LOADED}`];
  }

  #address(scale: number, isPair: boolean): string {
    const { random } = this;
    const base = this.#base();
    // Offsets of pairs count elements; others count bytes, like the offset in the instruction.
    const unit = isPair ? scale : random.pick([1, scale, scale]);
    const reach = Math.max(1, Math.floor(64 / unit));
    const distance = random.between(-reach, reach) * unit;
    if (random.chance(0.15)) return `[${base}, #${distance}]!`;
    if (random.chance(0.15)) return `[${base}], #${distance}`;
    return `[${base}, #${distance}]`;
  }

  #structures(): string {
    const { random } = this;
    const name = random.pick(['ld1', 'st1', 'ld2', 'st2', 'ld4', 'st4']);
    const count = name.endsWith('1') ? random.between(1, 4) : Number(name[2]);
    const first = random.below(28);
    const list = Array.from({ length: count }, (_, n) => `v${first + n}.16b`).join(', ');
    const after = random.chance(0.4) ? `, #${count * 16}` : '';
    return `${name} {${list}}, [${this.#base()}]${after}`;
  }

  /** Makes another base for later accesses: a copy, or an address some bytes away. */
  #copy(): string[] {
    const { random } = this;
    const from = this.#base();
    const to = `x${random.pick(COPIES)}`;
    if (!this.#bases.includes(to)) this.#bases.push(to);
    const distance = random.between(0, 64);
    return [
      random.pick([
        from === 'sp' ? `add ${to}, sp, #0` : `mov ${to}, ${from}`,
        `add ${to}, ${from}, #${distance}`,
        `sub ${to}, ${from}, #${distance}`,
      ]),
    ];
  }

  #move(): string {
    const { random } = this;
    const base = this.#base();
    const by = base === 'sp' ? 16 * random.between(0, 4) : random.between(0, 64);
    return `${random.pick(['add', 'sub'])} ${base}, ${base}, #${by}`;
  }

  /** Accesses in one branch of a condition only. */
  #around(): string[] {
    const { random } = this;
    const inside = (): string[] =>
      Array.from({ length: random.between(1, 3) }, () => (random.chance(0.8) ? this.#access() : this.#move()));
    const test = `tbz x${random.below(LOADED)}, #${random.below(8)}, 71f`;
    return random.chance(0.5) ? [test, ...inside(), '71:'] : [test, ...inside(), 'b 72f', '71:', ...inside(), '72:'];
  }
}
