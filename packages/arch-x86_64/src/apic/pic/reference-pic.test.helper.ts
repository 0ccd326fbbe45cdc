/**
 * A reference model for comparison with the real 8259A pair: the rules of the datasheet, written as plainly as possible
 * over lists. Everything is computed again at each question.
 */
export class ReferencePic {
  /** Inputs from the highest priority to the lowest. */
  order = [0, 1, 2, 3, 4, 5, 6, 7];
  readonly edges = new Set<number>();
  readonly high = new Set<number>();
  readonly levelTriggered = new Set<number>();
  readonly serviced = new Set<number>();
  readonly masked = new Set<number>();
  base = 0;
  automatic = false;
  rotating = false;
  special = false;
  nested = false;

  constructor(readonly cascade: number | undefined) {}

  line(input: number, level: boolean): void {
    if (level && !this.high.has(input)) this.edges.add(input);
    if (level) this.high.add(input);
    else this.high.delete(input);
  }

  requests(): number[] {
    return this.order.filter((input) => (this.levelTriggered.has(input) ? this.high : this.edges).has(input));
  }

  /** The input that INTA would take. */
  next(): number | undefined {
    const [candidate] = this.requests().filter((input) => !this.masked.has(input));
    if (candidate === undefined) return undefined;
    const [above] = this.running();
    if (above === undefined) return candidate;
    if (this.order.indexOf(candidate) < this.order.indexOf(above)) return candidate;
    return this.nested && candidate === above && candidate === this.cascade ? candidate : undefined;
  }

  take(): number | undefined {
    const input = this.next();
    if (input === undefined) return undefined;
    this.edges.delete(input);
    if (!this.automatic) this.serviced.add(input);
    else if (this.rotating) this.makeLowest(input);
    return input;
  }

  end(input: number | undefined, rotate: boolean): void {
    if (input === undefined) return;
    this.serviced.delete(input);
    if (rotate) this.makeLowest(input);
  }

  /** Inputs in service that hold others back, the highest first. */
  running(): number[] {
    return this.order.filter((input) => this.serviced.has(input) && !(this.special && this.masked.has(input)));
  }

  makeLowest(input: number): void {
    while (this.order.at(-1) !== input) this.order.push(this.order.shift() ?? 0);
  }

  /** Everything after ICW1 to ICW4. */
  initialize(base: number, automatic: boolean, nested: boolean): void {
    this.makeLowest(7);
    for (const set of [this.edges, this.serviced, this.masked]) set.clear();
    this.rotating = false;
    this.special = false;
    Object.assign(this, { base, automatic, nested });
  }
}

/** Two of them, joined as in a PC: the output of the second is an edge at input 2 of the first. */
export class ReferencePair {
  readonly first = new ReferencePic(2);
  readonly second = new ReferencePic(undefined);

  get chips(): readonly [ReferencePic, ReferencePic] {
    return [this.first, this.second];
  }

  /** Must be called after each change: the cascade follows the second. */
  settle(): void {
    this.first.line(2, this.second.next() !== undefined);
  }

  /** One of the two takes its interrupt; the output of the second falls for a moment. */
  take(chip: ReferencePic): number | undefined {
    const input = chip.take();
    if (chip === this.second && input !== undefined) this.first.line(2, false);
    this.settle();
    return input;
  }

  acknowledge(): number {
    const input = this.take(this.first);
    if (input !== 2) return this.first.base + (input ?? 7);
    return this.second.base + (this.take(this.second) ?? 7);
  }
}
