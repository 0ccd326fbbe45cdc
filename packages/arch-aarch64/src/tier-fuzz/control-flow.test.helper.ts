import type { Random } from '@qvm/isa-testing';
import { AccessGroup } from './access-groups.test.helper.js';
import { baseLines, plainLines, plainWord, rebaseLines, Reg, wordLine } from './straight-code.test.helper.js';

const CONDITIONS = ['eq', 'ne', 'hs', 'lo', 'mi', 'pl', 'vs', 'vc', 'hi', 'ls', 'ge', 'lt', 'gt', 'le'];
const MAX_DEPTH = 3;
/** Weighted kinds of pieces; at the deepest nesting, only kinds without parts are used. */
const SIMPLE = [
  ...Array.from({ length: 12 }, () => 'plain' as const),
  ...Array.from({ length: 5 }, () => 'group' as const),
  ...(['rebase', 'rebase', 'rebase', 'system', 'system', 'exception', 'exclusive', 'patch', 'patch', 'remap'] as const),
] as const;
const NESTED = [
  'if',
  'ifElse',
  'loop',
  'loop',
  'knot',
  'switch',
  'call',
  'call',
  'callRegister',
  'recursion',
  'window',
] as const;

/** Remaps the window page to the other page of code; only EL1 may do this. */
const REMAP = [
  `ldr ${Reg.scratch}, =descriptor`,
  `ldr ${Reg.scratch2}, [${Reg.scratch}]`,
  `eor ${Reg.scratch2}, ${Reg.scratch2}, #0x1000`,
  `str ${Reg.scratch2}, [${Reg.scratch}]`,
  'dsb ish',
  'tlbi vmalle1',
  'dsb ish',
  'isb',
];

type Piece = (typeof SIMPLE)[number] | (typeof NESTED)[number];

/** Writes random programs with bounded loops and calls. */
export class ControlFlow {
  #labels = 0;
  /** Labels of words that the program replaces. */
  readonly #patches: string[] = [];

  /**
   * @param functions - number of functions `f0`, `f1` …; each calls only later ones.
   * @param remaps - whether there is a window page that maps one of two pages of code.
   */
  constructor(
    private readonly random: Random,
    private readonly functions: number,
    private readonly remaps: boolean,
  ) {}

  /** A sequence of pieces. `caller` is the number of the function that contains them, −1 outside of functions. */
  block(pieces: number, depth: number, caller: number): string[] {
    return Array.from({ length: pieces }, () => this.#piece(depth, caller)).flat();
  }

  /** The function with a number; some functions begin near the end of a page. */
  function(number: number): string[] {
    const { random } = this;
    const place = random.chance(0.3) ? ['.balign 4096', `.space ${4096 - 4 * random.between(1, 20)}`] : [];
    const body = this.block(random.between(1, 4), 1, number);
    const next = number + 1;
    const last = next < this.functions && random.chance(0.2) ? `b f${random.between(next, this.functions - 1)}` : 'ret';
    return [...place, `f${number}:`, `str x30, [${Reg.links}, #-16]!`, ...body, `ldr x30, [${Reg.links}], #16`, last];
  }

  /** The function `recursive`, which calls itself {@link Reg.scratch} times. */
  recursive(): string[] {
    const { scratch, links } = Reg;
    return [
      'recursive:',
      `cbz ${scratch}, 1f`,
      `str x30, [${links}, #-16]!`,
      `sub ${scratch}, ${scratch}, #1`,
      ...plainLines(this.random),
      'bl recursive',
      ...plainLines(this.random),
      `ldr x30, [${links}], #16`,
      '1:',
      'ret',
    ];
  }

  /** Two adjacent pages of code; the window page maps one of them, and calls go there. */
  windows(): string[] {
    const page = (): string[] => [...this.block(1, MAX_DEPTH, this.functions), 'ret', '.balign 4096'];
    return ['.balign 8192', 'window:', ...page(), ...page()];
  }

  #piece(depth: number, caller: number): string[] {
    const { random } = this;
    const kind: Piece = depth < MAX_DEPTH && random.chance(0.45) ? random.pick(NESTED) : random.pick(SIMPLE);
    return this.#writers[kind](depth, caller);
  }

  readonly #writers: Readonly<Record<Piece, (depth: number, caller: number) => string[]>> = {
    plain: () => Array.from({ length: this.random.between(1, 5) }, () => plainLines(this.random)).flat(),
    group: () => AccessGroup.lines(this.random),
    rebase: () => rebaseLines(this.random),
    system: () => this.#system(),
    exception: () => [this.random.pick(['svc #1', 'brk #2', '.inst 0 // udf', 'svc #3'])],
    exclusive: () => this.#exclusive(),
    patch: () => this.#patch(),
    if: (depth, caller) => this.#if(depth, caller),
    ifElse: (depth, caller) => this.#ifElse(depth, caller),
    loop: (depth, caller) => this.#loop(depth, caller, false),
    knot: (depth, caller) => this.#loop(depth, caller, true),
    switch: (depth, caller) => this.#switch(depth, caller),
    call: (_, caller) => this.#call(caller, (name) => [`bl ${name}`]),
    callRegister: (_, caller) => this.#callRegister(caller),
    remap: () => (this.remaps ? REMAP : plainLines(this.random)),
    window: () => (this.remaps ? ['bl shown'] : plainLines(this.random)),
    recursion: () => [`mov ${Reg.scratch}, #${this.random.between(0, 9)}`, 'bl recursive'],
  };

  #label(): string {
    return `l${this.#labels++}`;
  }

  #condition(target: string): string {
    const { random } = this;
    const x = random.below(16);
    return random.pick([
      `b.${random.pick(CONDITIONS)} ${target}`,
      `b.${random.pick(CONDITIONS)} ${target}`,
      `cbz ${random.pick(['w', 'x'])}${x}, ${target}`,
      `cbnz ${random.pick(['w', 'x'])}${x}, ${target}`,
      `tbz x${x}, #${random.below(64)}, ${target}`,
      `tbnz x${x}, #${random.below(64)}, ${target}`,
    ]);
  }

  #if(depth: number, caller: number): string[] {
    const end = this.#label();
    return [this.#condition(end), ...this.block(2, depth + 1, caller), `${end}:`];
  }

  #ifElse(depth: number, caller: number): string[] {
    const [other, end] = [this.#label(), this.#label()];
    const [yes, no] = [this.block(1, depth + 1, caller), this.block(1, depth + 1, caller)];
    return [this.#condition(other), ...yes, `b ${end}`, `${other}:`, ...no, `${end}:`];
  }

  /** A loop that is entered at its head only or, as a knot, also in its middle, which makes it irreducible. */
  #loop(depth: number, caller: number, isKnot: boolean): string[] {
    // Functions use other counters than their callers, because nothing saves the callers' counters.
    const counter = Reg.counter + depth;
    if (counter > Reg.counter + 2 || caller >= 0) return this.#savedLoop(caller, isKnot);
    return this.#loopIn(`x${counter}`, depth, caller, isKnot);
  }

  #savedLoop(caller: number, isKnot: boolean): string[] {
    const { links } = Reg;
    const loop = this.#loopIn('x26', MAX_DEPTH, caller, isKnot);
    return [`str x26, [${links}, #-16]!`, ...loop, `ldr x26, [${links}], #16`];
  }

  #loopIn(counter: string, depth: number, caller: number, isKnot: boolean): string[] {
    const { random } = this;
    const [head, middle] = [this.#label(), this.#label()];
    const step = random.pick([
      [`subs ${counter}, ${counter}, #1`, `b.ne ${head}`],
      [`sub ${counter}, ${counter}, #1`, `cbnz ${counter}, ${head}`],
    ]);
    const first = [
      `mov ${counter}, #${random.chance(0.2) ? random.between(100, 300) : random.between(2, 24)}`,
      ...(isKnot ? [this.#condition(middle)] : []),
    ];
    const [before, after] = [this.block(1, depth + 1, caller), this.block(1, depth + 1, caller)];
    // Resets the data register in each turn: an address that drifted off would fault in all later turns.
    return [...first, `${head}:`, ...baseLines(Reg.data, 0x1800), ...before, `${middle}:`, ...after, ...step];
  }

  /** A computed branch into a table of branches. */
  #switch(depth: number, caller: number): string[] {
    const { scratch, scratch2 } = Reg;
    const [table, end] = [this.#label(), this.#label()];
    const cases = Array.from({ length: 4 }, () => this.#label());
    const bodies = cases.flatMap((label) => [`${label}:`, ...this.block(1, depth + 1, caller), `b ${end}`]);
    return [
      `adr ${scratch}, ${table}`,
      `and ${scratch2}, x${this.random.below(16)}, #3`,
      `add ${scratch}, ${scratch}, ${scratch2}, lsl #2`,
      `br ${scratch}`,
      `${table}:`,
      ...cases.map((label) => `b ${label}`),
      ...bodies,
      `${end}:`,
    ];
  }

  #call(caller: number, how: (name: string) => string[]): string[] {
    const first = caller + 1;
    return first < this.functions ? how(`f${this.random.between(first, this.functions - 1)}`) : plainLines(this.random);
  }

  /** BLR to one of two functions. */
  #callRegister(caller: number): string[] {
    const { scratch, scratch2 } = Reg;
    const choose = `csel ${scratch}, ${scratch}, ${scratch2}, ${this.random.pick(CONDITIONS)}`;
    return this.#call(caller, (one) =>
      this.#call(caller, (other) => [`adr ${scratch}, ${one}`, `adr ${scratch2}, ${other}`, choose, `blr ${scratch}`]),
    );
  }

  #system(): string[] {
    const { random } = this;
    const x = `x${random.below(16)}`;
    return [
      random.pick([
        `mrs ${x}, nzcv`,
        `msr nzcv, ${x}`,
        `mrs ${x}, fpsr`,
        `msr fpsr, ${x}`,
        `mrs ${x}, fpcr`,
        `msr fpcr, ${x}`,
        `mrs ${x}, cntvct_el0`,
        `mrs ${x}, cntvct_el0`,
        `mrs ${x}, daif`,
        `mrs ${x}, currentel`,
        'isb',
        'dmb ish',
        'dsb ish',
        'clrex',
        'yield',
        'nop',
        'daifset',
        'daifclr',
        `dc zva, x${Reg.data}`,
      ]),
    ].map((line) => (line.startsWith('daif') ? `msr ${line}, #2` : line));
  }

  #exclusive(): string[] {
    const { random } = this;
    const again = this.#label();
    const base = `x${Reg.data}`;
    const [x, y] = [random.below(8), 8 + random.below(8)];
    return [
      `and ${base}, ${base}, #-16`,
      `${again}:`,
      `ldaxr x${x}, [${base}]`,
      `add x${y}, x${y}, x${x}`,
      `stlxr ${Reg.scratch2.replace('x', 'w')}, x${y}, [${base}]`,
      `cbnz ${Reg.scratch2}, ${again}`,
    ];
  }

  /** Makes a word that may be replaced, or replaces one; at EL0 the replacement faults. */
  #patch(): string[] {
    const { random } = this;
    if (this.#patches.length === 0 || random.chance(0.4)) {
      const label = `p${this.#patches.length}`;
      this.#patches.push(label);
      return [`${label}:`, wordLine(plainWord(random))];
    }
    const { scratch, scratch2 } = Reg;
    const target = `${random.pick(this.#patches)}`;
    return [
      `ldr ${scratch2.replace('x', 'w')}, =0x${plainWord(random).toString(16)}`,
      `adr ${scratch}, ${target}`,
      `str ${scratch2.replace('x', 'w')}, [${scratch}]`,
      `dc cvau, ${scratch}`,
      'dsb ish',
      `ic ivau, ${scratch}`,
      'dsb ish',
      'isb',
    ];
  }
}
