import { randomSource } from '../random.test.helper.js';
import type { RegionLimits } from '../region/discovery.js';
import { TOY_REGISTER_COUNT } from './toy-isa.js';
import { ToyMachine } from './toy-machine.test.helper.js';
import { randomToyCode } from './toy-program.js';
import { FlatToyMemory, TOY_CODE, TOY_CODE_BYTES, TOY_DATA, TOY_DATA_BYTES, ToyReference } from './toy-reference.js';

const PLAIN: RegionLimits = { instructions: 100, callee: 0, depth: 0, pages: 1 };
const INLINED: RegionLimits = { instructions: 300, callee: 60, depth: 2, pages: 3 };

/** A machine and the reference side by side. */
class Pair {
  readonly machine = new ToyMachine();
  readonly reference: ToyReference;
  readonly #data = new DataView(new ArrayBuffer(TOY_DATA_BYTES));

  constructor(code: readonly number[] = []) {
    this.machine.code.set(code);
    this.machine.clearFlags();
    // They share the bytes of code, so the machine must notice changes.
    this.reference = new ToyReference(new FlatToyMemory(this.machine.code, this.#data));
  }

  setRegisters(values: readonly number[]): void {
    values.forEach((value, n) => {
      this.machine.setRegister(n, value);
      this.reference.registers[n] = value;
    });
  }

  /** Runs both and compares everything that a program can observe; returns the kind of end. */
  run(budget: number, pc = this.reference.pc): string {
    this.reference.pc = pc;
    const expected = this.reference.run(budget);
    const { end, at, retired } = this.machine.run(budget, pc);
    const { registers, flags, data } = this.machine;
    expect({ end, at, retired, registers, flags }).toEqual({
      end: expected,
      at: this.reference.pc,
      retired: this.reference.retired,
      registers: [...this.reference.registers],
      flags: this.reference.flags,
    });
    expect(Buffer.from(data.buffer, data.byteOffset, TOY_DATA_BYTES).equals(Buffer.from(this.#data.buffer))).toBe(true);
    return end;
  }
}

/** 3-byte instructions. */
const set = (register: number, value: number): number[] => [0x80 | (register << 2), value >> 8, value & 255];
const operation = (op: number, d: number, n: number): number[] => [0x20 | (op << 2), (d << 5) | (n << 2)];
const branch = (condition: number, distance: number): number[] => [0x40 | (condition << 2), distance & 255];
const [ADD, MUL, COMPARE] = [1, 5, 7];
const [INC0, RETURN, LEAVE] = [0x00, 0x18, 0x1a];

describe('instructions of one to three bytes', () => {
  it('run, with a jump back and a way out', () => {
    // R1 := 1 + 2 + … + 10
    const loop = [INC0, ...operation(ADD, 1, 0), ...operation(COMPARE, 0, 2), ...branch(1, -7)];
    const pair = new Pair([...set(2, 10), ...loop, LEAVE]);
    expect(pair.run(1000, TOY_CODE)).toBe('leave');
    expect(pair.machine.registers[1]).toBe(55);
  });

  it('are undone by a fault, and not counted', () => {
    const pair = new Pair([INC0, ...set(1, 3), 0xc0 | (2 << 1), 1 << 5, 0, LEAVE]);
    expect(pair.run(10, TOY_CODE)).toBe('fault');
    expect(pair.machine.pc).toBe(TOY_CODE + 4);
  });

  it('overlap: what an instruction says depends on where one begins', () => {
    // A SET whose immediate is the code INC R0, RETURN.
    const pair = new Pair([...set(1, (INC0 << 8) | RETURN), LEAVE]);
    expect(pair.run(10, TOY_CODE)).toBe('leave');
    pair.setRegisters([0, 0, 0, 0, 0, 0, 0, TOY_CODE + 3]);
    expect(pair.run(10, TOY_CODE + 1)).toBe('leave');
    expect(pair.machine.registers[0]).toBe(1);
  });

  it.each([1, 2])('go over the end of a page after %d of their bytes', (before) => {
    const pair = new Pair();
    const at = 0x1000 - before;
    pair.machine.write(at, [...set(3, 0x1234), INC0, LEAVE]);
    expect(pair.run(10, TOY_CODE + at)).toBe('leave');
    expect([pair.machine.registers[3], pair.machine.straddled]).toEqual([0x1234, 1]);
  });

  it('are decoded anew when bytes of theirs are written, whichever', () => {
    for (const written of [0, 1, 2]) {
      const pair = new Pair([...set(1, 0x1111), ...set(2, 0x2222), LEAVE]);
      pair.run(10, TOY_CODE);
      pair.machine.write(3 + written, [[0x80 | (4 << 2), 0x33, 0x44][written] as number]);
      pair.setRegisters([0, 0, 0, 0, 0, 0, 0, 0]);
      pair.run(10, TOY_CODE);
    }
  });

  it('are decoded anew when they get another length', () => {
    const pair = new Pair([...set(1, 0x1111), INC0, INC0, LEAVE]);
    pair.run(10, TOY_CODE);
    pair.machine.write(0, [INC0, INC0, INC0]);
    pair.run(10, TOY_CODE);
    pair.machine.write(1, [...set(2, 7)]);
    pair.run(10, TOY_CODE);
    expect(pair.machine.registers[2]).toBe(7);
  });

  it('find room again when a slot of records is full', () => {
    const pair = new Pair(Array.from({ length: 0x1000 - 1 }, () => INC0));
    for (const round of [1, 2, 3]) {
      pair.run(5000, TOY_CODE);
      expect(pair.machine.restarts).toBeGreaterThanOrEqual(round);
    }
  });

  it('count in a region as in the interpreter, which it is left to for the last ones', () => {
    const loop = [INC0, ...operation(MUL, 1, 0), ...operation(COMPARE, 0, 2), ...branch(1, -7)];
    const pair = new Pair([...set(2, 0x7fff), ...set(1, 3), ...loop, LEAVE]);
    pair.run(50, TOY_CODE);
    expect(pair.machine.translate([6], PLAIN)).toBe(1);
    for (const budget of [5000, 4001, 700, 77_777]) pair.run(budget);
    expect([pair.machine.regionEntries > 0, pair.machine.regionInstructions > 50_000]).toEqual([true, true]);
    expect(pair.run(1_000_000)).toBe('leave');
  });
});

describe('random programs of such instructions', () => {
  const run = (seed: number, limits: readonly RegionLimits[]) => {
    const random = randomSource(seed);
    const pair = new Pair();
    randomToyCode(random, pair.machine.code);
    const registers = (): number[] =>
      Array.from(
        { length: TOY_REGISTER_COUNT },
        () =>
          [random(40), TOY_CODE + random(TOY_CODE_BYTES), TOY_DATA + random(TOY_DATA_BYTES), random(2 ** 32)][
            random(4)
          ] as number,
      );
    let pc = TOY_CODE;
    const seen: number[] = [];
    for (let i = 0; i < 60; i++) {
      pair.setRegisters(registers());
      const end = pair.run(random(3) === 0 ? random(40) : 600 + random(3000), pc);
      pc = end === 'budget' && random(4) > 0 ? pair.reference.pc : TOY_CODE + random(TOY_CODE_BYTES);
      seen.push(pc - TOY_CODE);
      const limit = limits[random(4)];
      if (limit !== undefined) pair.machine.translate([...new Set(seen.splice(0))], limit);
      else if (limits.length === 0 && random(3) === 0)
        pair.machine.write(
          random(TOY_CODE_BYTES - 3),
          Array.from({ length: 1 + random(3) }, () => random(224)),
        );
    }
    return pair.machine;
  };

  it('do in the interpreter what they should, also when they are overwritten', () => {
    let straddled = 0;
    // Few programs reach the end of a page.
    for (let seed = 1; seed <= 80; seed++) straddled += run(seed, []).straddled;
    expect(straddled).toBeGreaterThan(0);
  });

  it.each([
    ['plain', PLAIN],
    ['with calls inside', INLINED],
  ])('do the same in regions: %s', (_, limits) => {
    let entries = 0;
    for (let seed = 1; seed <= 12; seed++) entries += run(seed, [limits]).regionEntries;
    expect(entries).toBeGreaterThan(300);
  });
});
