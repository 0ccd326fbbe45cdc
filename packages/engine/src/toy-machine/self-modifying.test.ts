import type { Engine } from '@qvm/core/architecture';
import { ADD, branch, COMPARE, inc, LEAVE, LESS, operation, set, store, ToyPair } from './toy-pair.test.helper.js';
import { PAGE } from './toy-vm.test.helper.js';

const CODE = 4 * PAGE;
const FIRST = 2 * PAGE;
const RETURN = 0x18;

function makePair(engine: Engine): ToyPair {
  const pair = new ToyPair(engine);
  pair.map(4, 2);
  // The same page of RAM, at another address.
  pair.map(8, 2);
  pair.map(2, 10);
  return pair;
}

describe.each<Engine>(['interp', 'wasm'])('a store to code: %s', (engine) => {
  it.each([0, 1, 2, 3, 4])('is seen by the very next instruction, %d instructions ahead', (ahead) => {
    for (const alias of [0, 4 * PAGE]) {
      const pair = makePair(engine);
      const between = Array.from({ length: ahead }, () => inc(7)[0] as number);
      pair.write(FIRST, [...store(0, 1, 0), ...between, ...inc(2), ...inc(2), ...inc(2), ...inc(2), ...inc(2), LEAVE]);
      for (const value of [0x03030303, 0x04030403, 0x02020202, 0x8c1a1a1a]) {
        pair.setRegisters([value, CODE + alias + 3 + ahead]);
        pair.run(20, CODE);
      }
    }
  });

  it.each([2, 5, 9])('is seen in a loop that has been translated, every %d rounds', (period) => {
    const pair = makePair(engine);
    // The store goes to the data, but in some rounds to the second INC after it.
    const body = [
      ...inc(0),
      ...store(3, 4, 0),
      ...inc(5),
      ...inc(5),
      ...inc(5),
      ...inc(5),
      ...operation(COMPARE, 0, 2),
    ];
    pair.write(FIRST, [...body, ...branch(LESS, -(body.length + 2)), LEAVE]);
    for (let round = 0; round < 12; round++) {
      const hit = round % period === period - 1;
      pair.setRegisters([0, 0, 3000, 0x05050505 + (round % 3) * 0x0100, hit ? CODE + 4 : 2 * PAGE]);
      expect(pair.run(100_000, CODE)).toBe('leave');
    }
    expect(pair.vm.regionEntries > 0).toBe(engine === 'wasm');
  });

  it('may change the loop that it is in, each time', () => {
    const pair = makePair(engine);
    // R3 goes up by 0x100: the second INC changes its register, or becomes something else.
    const body = [...inc(0), ...operation(ADD, 3, 6), ...store(3, 4, 0), ...inc(5), ...inc(5), ...inc(5), ...inc(5)];
    pair.write(FIRST, [...body, ...operation(COMPARE, 0, 2), ...branch(LESS, -(body.length + 4)), LEAVE]);
    pair.setRegisters([0, 0, 0x7000, 0x05050505, CODE + 6, 0, 1]);
    for (let i = 0; i < 20; i++) pair.run(997, i === 0 ? CODE : undefined);
  });

  it('of another vCPU is seen when it runs', () => {
    const pair = new ToyPair(engine, { vcpus: 2 });
    pair.map(4, 2);
    pair.map(5, 3);
    const second = pair.vm.machine.vcpus[1] as (typeof pair.vm.machine.vcpus)[number];
    pair.write(FIRST, [...inc(2), ...inc(2), ...inc(2), ...inc(2), LEAVE]);
    pair.write(3 * PAGE, [...store(0, 1, 0), LEAVE]);
    pair.run(10, CODE);
    for (const value of [3, 4, 5]) {
      second.setRegister('r0', BigInt(value * 0x0101_0101));
      second.setRegister('r1', BigInt(CODE));
      second.start(10, 5 * PAGE);
      pair.vm.vcpu.setRegister(`r${value}`, 0n);
      pair.vm.vcpu.start(10, CODE);
      expect(pair.vm.vcpu.values[value]).toBe(4);
    }
  });

  it('leaves the rest of the page decoded', () => {
    const pair = makePair(engine);
    pair.write(FIRST, [...store(0, 1, 0), ...Array.from({ length: 20 }, () => inc(2)[0] as number), LEAVE]);
    pair.setRegisters([0x0202_0202, CODE + 10]);
    pair.run(100, CODE);
    const decoded = pair.vm.count('decoded');
    pair.run(100, CODE);
    expect(pair.vm.count('decoded') - decoded).toBe(4);
  });

  it('drops only the regions that hold its bytes', () => {
    const pair = makePair(engine);
    const loop = [...set(2, 0x2000), ...inc(0), ...operation(COMPARE, 0, 2), ...branch(LESS, -5), LEAVE];
    const [first, second] = [CODE, CODE + 64];
    pair.write(FIRST, [...loop, ...Array.from({ length: 64 - loop.length }, () => LEAVE), ...loop]);
    const run = (pc: number): void => {
      pair.setRegisters([0]);
      expect(pair.run(100_000, pc)).toBe('leave');
    };
    const live = (): number =>
      (pair.vm.machine.stats()['regions'] as { live: { regions: number } } | null)?.live.regions ?? 0;
    for (const pc of [first, second, first, second]) run(pc);
    const regions = live();
    // Writes of a page drop as much as they hit: here the last instruction of the second loop, LEAVE, which is in none.
    pair.write(5 * PAGE, [...store(0, 1, 0), LEAVE]);
    pair.map(5, 5);
    const patch = (address: number, value: number): void => {
      pair.setRegisters([value, address]);
      expect(pair.run(10, 5 * PAGE)).toBe('leave');
    };
    patch(second + loop.length, 0x1a1a_1a1a);
    expect(live()).toBe(regions);
    // The count of the second loop.
    patch(second, 0x0010_1088);
    if (engine === 'wasm') expect([live() > 0, live() < regions]).toEqual([true, true]);
    for (const pc of [first, second]) run(pc);
  });

  it('to a function has its callers translated again', () => {
    const pair = makePair(engine);
    // A loop in page 4 that calls a function in page 5.
    const call = [0xb0, 0, 0];
    const body = [...inc(0), ...call, ...operation(COMPARE, 0, 2)];
    const distance = 5 * PAGE - (CODE + 4);
    [call[1], call[2]] = [distance >> 8, distance & 255];
    pair.write(FIRST, [...inc(0), ...call, ...operation(COMPARE, 0, 2), ...branch(LESS, -(body.length + 2)), LEAVE]);
    pair.map(5, 3);
    const { vcpu } = pair.vm;
    for (const register of [4, 5, 6]) {
      pair.write(3 * PAGE, [...inc(register), RETURN]);
      pair.setRegisters([0, 0, 0x7000]);
      const before = vcpu.regionTotals;
      const [instructions, entries] = [before.instructions, before.entries];
      expect(pair.run(1_000_000, CODE)).toBe('leave');
      const inside = vcpu.regionTotals.instructions - instructions;
      if (engine === 'wasm') {
        expect(inside).toBeGreaterThan(0x7000 * 5);
        // The function is part of the region: the loop hardly ever leaves it.
        expect(vcpu.regionTotals.entries - entries).toBeLessThan(3000);
      }
    }
  });
});
