import type { Engine } from '@qvm/core/architecture';
import { FLIP } from './toy-vcpu.test.helper.js';
import { ADD, branch, COMPARE, inc, LEAVE, LESS, operation, set, store, ToyPair } from './toy-pair.test.helper.js';
import { PAGE } from './toy-vm.test.helper.js';

const CODE = 4 * PAGE;
const RAM_PAGE = 2;
/** Code of mode 1. */
const flipped = (...bytes: number[]): number[] => bytes.map((byte) => byte ^ FLIP);

describe.each<Engine>(['interp', 'wasm'])('modes: %s', (engine) => {
  const makePair = (): ToyPair => {
    const pair = new ToyPair(engine);
    pair.map(4, RAM_PAGE);
    pair.map(5, RAM_PAGE + 1);
    return pair;
  };
  const loop = (register: number, count: number): number[] => [
    ...set(register, count),
    ...inc(0),
    ...operation(ADD, 1, 0),
    ...operation(COMPARE, 0, register),
    ...branch(LESS, -7),
    LEAVE,
  ];

  it('decode the same bytes each in its way, in one page', () => {
    const pair = makePair();
    const code = [...set(3, 0x1234), LEAVE, ...flipped(...inc(3), ...set(5, 7), LEAVE)];
    pair.write(RAM_PAGE * PAGE, code);
    for (let round = 0; round < 3; round++) {
      pair.enter(0);
      expect(pair.run(10, CODE)).toBe('leave');
      // Bytes of the other mode.
      pair.run(10, CODE + 4);
      pair.enter(1);
      expect(pair.run(10, CODE + 4)).toBe('leave');
      pair.run(10, CODE);
    }
    // Each change but the first takes the page from the other mode.
    expect(pair.vm.count('modeChanges')).toBe(5);
  });

  it('are announced when they are new', () => {
    const pair = makePair();
    const modes: number[] = [];
    pair.vm.hooks.newCodeMode.tap('test', ({ mode }) => void modes.push(mode));
    pair.write(RAM_PAGE * PAGE, [LEAVE]);
    pair.write((RAM_PAGE + 1) * PAGE, flipped(LEAVE));
    for (const mode of [0, 1, 0, 1]) {
      pair.enter(mode);
      expect(pair.run(10, CODE + mode * PAGE)).toBe('leave');
    }
    expect(modes).toEqual([0, 1]);
  });

  it('leave pages alone that only one of them executes', () => {
    const pair = makePair();
    pair.write(RAM_PAGE * PAGE, [...inc(0), LEAVE]);
    pair.write((RAM_PAGE + 1) * PAGE, flipped(...inc(0), LEAVE));
    for (let round = 0; round < 5; round++) {
      pair.enter(round & 1);
      expect(pair.run(10, CODE + (round & 1) * PAGE)).toBe('leave');
    }
    expect(pair.vm.count('modeChanges')).toBe(0);
  });

  it('have regions of their own', () => {
    const pair = makePair();
    pair.write(RAM_PAGE * PAGE, loop(2, 0x7fff));
    pair.write((RAM_PAGE + 1) * PAGE, flipped(...loop(2, 0x7fff)));
    const { vcpu } = pair.vm;
    for (const mode of [0, 1, 0, 1]) {
      pair.enter(mode);
      pair.setRegisters([0, 0]);
      const before = vcpu.regionTotals.instructions;
      expect(pair.run(1_000_000, CODE + mode * PAGE)).toBe('leave');
      expect(vcpu.regionTotals.instructions - before > 50_000).toBe(engine === 'wasm');
    }
    const { regions } = pair.vm.machine.stats();
    expect(regions === null).toBe(engine === 'interp');
    if (regions !== null) expect((regions as { regions: number }).regions).toBeGreaterThanOrEqual(2);
    // Another mode takes the page with the regions.
    pair.enter(1);
    pair.run(500, CODE);
    pair.enter(0);
    pair.setRegisters([0, 0]);
    expect(pair.run(1_000_000, CODE)).toBe('leave');
  });

  it('are entered by an instruction, which may also stay at its place', () => {
    const pair = makePair();
    const { vcpu } = pair.vm;
    pair.write(RAM_PAGE * PAGE, [...inc(0), LEAVE, ...flipped(...inc(1), LEAVE), ...inc(2), LEAVE]);
    let leaves = 0;
    vcpu.onLeave = () => {
      if (++leaves === 3) {
        vcpu.end = 'leave';
        vcpu.control.stop();
        return;
      }
      vcpu.next();
      vcpu.enter(leaves & 1);
      // The address of the next instruction does not depend on the mode.
      expect(Number(vcpu.pc)).toBe(CODE + 2 * leaves);
    };
    vcpu.start(100, CODE);
    expect([leaves, vcpu.values.slice(0, 3), Number(vcpu.pc)]).toEqual([3, [1, 1, 1], CODE + 5]);
  });

  it('see what another mode writes', () => {
    const pair = makePair();
    pair.write(RAM_PAGE * PAGE, [...store(0, 1, 0), LEAVE]);
    pair.write((RAM_PAGE + 1) * PAGE, flipped(...inc(4), ...inc(4), ...inc(4), ...inc(4), LEAVE));
    for (const value of [0x05, 0x06, 0x07, LEAVE]) {
      pair.enter(1);
      pair.run(10, CODE + PAGE);
      pair.enter(0);
      pair.setRegisters([((value * 0x0101_0101) ^ (FLIP * 0x0101_0101)) >>> 0, CODE + PAGE]);
      pair.run(10, CODE);
    }
  });

  it('share the pages between vCPUs in different modes', () => {
    const pair = new ToyPair(engine, { vcpus: 2 });
    pair.map(4, RAM_PAGE);
    const second = pair.vm.machine.vcpus[1] as (typeof pair.vm.machine.vcpus)[number];
    second.clearFlags();
    pair.write(RAM_PAGE * PAGE, [...loop(2, 3), ...flipped(...loop(2, 3))]);
    const there = CODE + loop(2, 3).length;
    for (let round = 0; round < 4; round++) {
      pair.setRegisters([0, 0]);
      second.enter(1);
      second.setRegister('r0', 0n);
      second.setRegister('r1', 0n);
      // Both are in the middle of the page when the other one takes it.
      pair.run(5, CODE);
      second.start(5, there);
      pair.run(100);
      second.run(100);
      expect([second.end, second.values.slice(0, 3)]).toEqual(['leave', [3, 6, 3]]);
    }
  });

  it('that do not exist are an error', () => {
    const pair = makePair();
    pair.vm.vcpu.setMode(2);
    expect(() => pair.vm.vcpu.start(1, CODE)).toThrow('the architecture has no mode 2');
  });
});
