/**
 * A reference model for comparison with the real APICs: fixed interrupts between I/O APIC and local APICs in xAPIC mode,
 * written as plainly as possible over sets. Everything is computed again at each question.
 */
export class ReferenceLocalApic {
  readonly accepted = new Set<number>();
  readonly serviced = new Set<number>();
  readonly level = new Set<number>();
  taskPriority = 0;
  enabled = true;
  logicalId = 0;
  flat = true;

  constructor(readonly id: number) {}

  get processorPriority(): number {
    const running = Math.floor(Math.max(0, ...this.serviced) / 16);
    return Math.floor(this.taskPriority / 16) >= running ? this.taskPriority : running * 16;
  }

  /** The vector that interrupts now. */
  next(): number | undefined {
    const best = Math.max(...this.accepted);
    return Math.floor(best / 16) > Math.floor(this.processorPriority / 16) ? best : undefined;
  }

  accept(vector: number, level: boolean): boolean {
    if (!this.enabled || vector < 16) return false;
    this.accepted.add(vector);
    if (level) this.level.add(vector);
    else this.level.delete(vector);
    return true;
  }

  take(): number | undefined {
    const vector = this.next();
    if (vector === undefined) return undefined;
    this.accepted.delete(vector);
    this.serviced.add(vector);
    return vector;
  }

  isAddressed(destination: number, logical: boolean): boolean {
    if (!logical) return destination === 0xff || destination === this.id;
    if (this.flat) return (destination & this.logicalId) > 0;
    const [cluster, members] = [destination >> 4, destination & 15];
    return (cluster === 15 || cluster === this.logicalId >> 4) && (members & this.logicalId & 15) > 0;
  }
}

/** An entry of the I/O APIC with its input. */
export interface ReferenceInput {
  vector: number;
  masked: boolean;
  level: boolean;
  logical: boolean;
  lowest: boolean;
  destination: number;
  high: boolean;
  /** A level-triggered interrupt was accepted and has not ended. */
  waiting: boolean;
}

export class ReferenceApics {
  readonly locals: readonly ReferenceLocalApic[];
  readonly inputs: readonly ReferenceInput[];

  constructor(vcpus: number, inputs: number) {
    this.locals = Array.from({ length: vcpus }, (_, id) => new ReferenceLocalApic(id));
    this.inputs = Array.from({ length: inputs }, () => ({
      vector: 0,
      masked: true,
      level: false,
      logical: false,
      lowest: false,
      destination: 0,
      high: false,
      waiting: false,
    }));
  }

  local(id: number): ReferenceLocalApic {
    const local = this.locals[id];
    if (local === undefined) throw new RangeError(`no local APIC ${id}`);
    return local;
  }

  input(number: number): ReferenceInput {
    const input = this.inputs[number];
    if (input === undefined) throw new RangeError(`no input ${number}`);
    return input;
  }

  send(vector: number, level: boolean, lowest: boolean, destination: number, logical: boolean): boolean {
    const addressed = this.locals.filter((local) => local.isAddressed(destination, logical));
    if (!lowest) return addressed.map((local) => local.accept(vector, level)).includes(true);
    const willing = addressed.filter(({ enabled }) => enabled);
    const least = Math.min(...willing.map(({ processorPriority }) => processorPriority));
    return willing.find(({ processorPriority }) => processorPriority === least)?.accept(vector, level) ?? false;
  }

  line(number: number, high: boolean): void {
    const input = this.input(number);
    const rises = high && !input.high;
    input.high = high;
    if (!input.level && rises && !input.masked) this.#sendInput(input);
    this.serve(input);
  }

  end(id: number): void {
    const local = this.local(id);
    if (local.serviced.size === 0) return;
    const vector = Math.max(...local.serviced);
    local.serviced.delete(vector);
    if (!local.level.has(vector)) return;
    // One after the other: an input that interrupts again is not asked about the same end.
    for (const input of this.inputs) {
      if (!input.waiting || input.vector !== vector) continue;
      input.waiting = false;
      this.serve(input);
    }
  }

  /** A level-triggered input that is high and does not wait interrupts. */
  serve(input: ReferenceInput): void {
    if (input.level && input.high && !input.masked && !input.waiting) input.waiting = this.#sendInput(input);
  }

  #sendInput({ vector, level, lowest, destination, logical }: ReferenceInput): boolean {
    return this.send(vector, level, lowest, destination, logical);
  }
}
