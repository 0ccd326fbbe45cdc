import { TOY_CONDITIONS, TOY_REGISTER_COUNT, ToyFlag, toyLength } from './toy-isa.js';

/** Address of the code of toy programs in the guest's address space. @experimental */
export const TOY_CODE = 0x4000;
/** Size of the code. @experimental */
export const TOY_CODE_BYTES = 0x4000;
/** Address of the data of toy programs. @experimental */
export const TOY_DATA = 0x2000;
/** Size of the data. @experimental */
export const TOY_DATA_BYTES = 0x1000;

/** How a run ends. @experimental */
export type ToyEnd = 'budget' | 'leave' | 'undefined' | 'fault' | 'outside';

const signed = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits);

/** The memory of {@link ToyReference}. Addresses are of 32 bits. @experimental */
export interface ToyMemory {
  /** A byte of code; undefined if it cannot be fetched. */
  fetch(address: number): number | undefined;
  /** The 4 bytes of data at an address; undefined if any of them cannot be read. */
  load(address: number): number | undefined;
  /** Writes 4 bytes; false, without any effect, if any of them cannot be written. */
  store(address: number, value: number): boolean;
}

/** Code at {@link TOY_CODE} that is not written, and data at {@link TOY_DATA}. @experimental */
export class FlatToyMemory implements ToyMemory {
  constructor(
    /** The bytes of code. */
    readonly code: Uint8Array,
    /** The data. */
    readonly data: DataView,
  ) {}

  fetch(address: number): number | undefined {
    return this.code[address - TOY_CODE];
  }

  load(address: number): number | undefined {
    const offset = address - TOY_DATA;
    return isInData(offset) ? this.data.getUint32(offset, true) : undefined;
  }

  store(address: number, value: number): boolean {
    const offset = address - TOY_DATA;
    if (!isInData(offset)) return false;
    this.data.setUint32(offset, value, true);
    return true;
  }
}

const isInData = (offset: number): boolean => offset >= 0 && offset + 4 <= TOY_DATA_BYTES;

/** The semantics of the instructions, independent of the shared code and as plain as possible. @experimental */
export class ToyReference {
  /** The registers. */
  readonly registers = new Uint32Array(TOY_REGISTER_COUNT);
  /** The packed flags. */
  flags = 0;
  /** Address of the next instruction, or of the one that could not be executed. */
  pc = TOY_CODE;
  /** Address of the byte or data that could not be accessed: valid after the end `outside` or `fault`. */
  refused = 0;
  /** Instructions retired by the last run. */
  retired = 0;

  constructor(private readonly memory: ToyMemory) {}

  /** Executes up to `budget` instructions. */
  run(budget: number): ToyEnd {
    for (this.retired = 0; this.retired < budget; this.retired++) {
      const end = this.#step();
      if (end === undefined) continue;
      // LEAVE is retired, other ends are not; without code there is no instruction.
      if (end === 'leave') this.retired++;
      return end;
    }
    return this.#inside(this.pc) ? 'budget' : 'outside';
  }

  #inside(pc: number): boolean {
    this.refused = pc;
    return this.memory.fetch(pc) !== undefined;
  }

  #step(): ToyEnd | undefined {
    const { pc, memory, registers } = this;
    if (!this.#inside(pc)) return 'outside';
    const at = (i: number): number => memory.fetch(pc + i) ?? 0;
    const first = at(0);
    const length = toyLength(first);
    // Missing bytes are unknown, and so is their effect.
    for (let i = 1; i < length; i++) if (!this.#inside(pc + i)) return 'outside';
    const next = pc + length;
    this.pc = next;
    const [low, high] = [first & 7, (first >> 2) & 7];
    switch (first >> 5) {
      case 0:
        return this.#short(first >> 3, low, pc, next);
      case 1:
        this.#operation(high, at(1) >> 5, (at(1) >> 2) & 7);
        return undefined;
      case 2:
        if ((TOY_CONDITIONS[high] as (flags: number) => boolean)(this.flags)) this.pc = next + signed(at(1), 8);
        return undefined;
      case 3:
        return this.#jump((first & 16) !== 0, next, next + signed(at(1), 8));
      case 4:
        registers[high] = (at(1) << 8) | at(2);
        return undefined;
      case 5:
        return this.#jump((first & 16) !== 0, next, next + signed((at(1) << 8) | at(2), 16));
      case 6: {
        const base = registers[at(1) >> 5] as number;
        const address = (base + signed(((at(1) & 15) << 8) | at(2), 12)) >>> 0;
        return this.#access((first & 16) !== 0, (first >> 1) & 7, address, pc);
      }
      default:
        this.pc = pc;
        return 'undefined';
    }
  }

  #short(op: number, n: number, pc: number, next: number): ToyEnd | undefined {
    const { registers } = this;
    if (op === 0) this.#result(n, (registers[n] as number) + 1);
    else if (op === 1) this.pc = registers[n] as number;
    else if (op === 2) return this.#jump(true, next, registers[n] as number);
    else if (n === 0) this.pc = registers[7] as number;
    else if (n === 1) registers[0] = pc;
    else if (n === 2) {
      this.pc = pc;
      return 'leave';
    } else if (n === 3) registers[1] = this.flags;
    else if (n !== 4) {
      this.pc = pc;
      return 'undefined';
    }
    return undefined;
  }

  #jump(call: boolean, next: number, to: number): undefined {
    this.pc = to;
    if (call) this.registers[7] = next;
  }

  #operation(op: number, d: number, n: number): void {
    const [x, y] = [this.registers[d] as number, this.registers[n] as number];
    if (op === 7) {
      const difference = (x - y) >>> 0;
      this.flags = flagsOf(difference) | ((x | 0) < (y | 0) ? ToyFlag.less : 0) | (x < y ? ToyFlag.below : 0);
      return;
    }
    this.#result(d, [y, x + y, x - y, x & y, x ^ y, Math.imul(x, y), x << (y & 31)][op] as number);
  }

  #result(d: number, value: number): void {
    this.registers[d] = value;
    this.flags = flagsOf(value >>> 0);
  }

  #access(store: boolean, t: number, address: number, pc: number): ToyEnd | undefined {
    const loaded = store ? undefined : this.memory.load(address);
    const done = store ? this.memory.store(address, this.registers[t] as number) : loaded !== undefined;
    if (!done) {
      this.pc = pc;
      this.refused = address;
      return 'fault';
    }
    if (loaded !== undefined) this.registers[t] = loaded;
    return undefined;
  }
}

function flagsOf(value: number): number {
  return (
    (value === 0 ? ToyFlag.equal : 0) | (value >= 0x8000_0000 ? ToyFlag.negative : 0) | (value & 1 ? ToyFlag.odd : 0)
  );
}
