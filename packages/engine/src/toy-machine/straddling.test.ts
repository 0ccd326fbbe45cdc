import type { Engine } from '@qvm/core/architecture';
import { Page } from './toy-vcpu.test.helper.js';
import {
  ADD,
  branch,
  COMPARE,
  inc,
  jumpFar,
  LEAVE,
  LESS,
  load,
  operation,
  set,
  store,
  ToyPair,
} from './toy-pair.test.helper.js';
import { PAGE } from './toy-vm.test.helper.js';

const ALL = Page.read | Page.write | Page.execute;
/** The virtual pages 4 and 5 are the pages 2 and 9 of RAM. */
const [CODE, NEXT] = [4 * PAGE, 5 * PAGE];
const [FIRST, SECOND] = [2 * PAGE, 9 * PAGE];

/** Writes bytes of code at an address of the two pages. */
function put(pair: ToyPair, address: number, bytes: readonly number[]): void {
  bytes.forEach((byte, i) => {
    const at = address + i;
    pair.write(at < NEXT ? FIRST + at - CODE : SECOND + at - NEXT, [byte]);
  });
}

function makePair(engine: Engine): ToyPair {
  const pair = new ToyPair(engine);
  pair.map(4, 2);
  pair.map(5, 9);
  return pair;
}

describe.each<Engine>(['interp', 'wasm'])('an instruction that goes on in the next page: %s', (engine) => {
  it.each([1, 2])('is executed once, and control goes on after it: %d bytes in the first page', (before) => {
    const pair = makePair(engine);
    const at = NEXT - before;
    put(pair, at, [...set(3, 0x1234), ...inc(3), LEAVE]);
    expect(pair.run(10, at)).toBe('leave');
    expect(pair.vm.vcpu.values[3]).toBe(0x1235);
    const decoded = pair.vm.count('decoded');
    // Each instruction alone, with the same records.
    pair.vm.vcpu.single = true;
    expect(pair.run(10, at)).toBe('leave');
    for (const budget of [0, 1, 1, 1]) pair.run(budget, budget === 0 ? at : undefined);
    expect(pair.vm.count('decoded')).toBe(decoded);
  });

  it('faults at the address of the second page, and can be tried again', () => {
    const pair = makePair(engine);
    const at = NEXT - 1;
    put(pair, at, [...set(3, 0x1234), LEAVE]);
    pair.map(5, 0, Page.read | Page.write);
    expect(pair.run(10, at)).toBe('outside');
    expect([pair.vm.vcpu.refused, Number(pair.vm.vcpu.pc)]).toEqual([NEXT, at]);
    pair.map(5, 9);
    expect(pair.run(10, at)).toBe('leave');
    // Decoded by now, and the page goes again.
    pair.map(5, 0, 0);
    expect(pair.run(10, at)).toBe('outside');
    expect(pair.vm.vcpu.refused).toBe(NEXT);
    // A vCPU that waits at the fault continues there.
    pair.map(5, 9);
    pair.vm.vcpu.fetch.retry();
    expect([pair.vm.vcpu.fetch.fault, Number(pair.vm.vcpu.pc)]).toEqual([undefined, at]);
  });

  it('faults where the address space ends', () => {
    const pair = makePair(engine);
    pair.map(15, 2);
    put(pair, NEXT - 1, set(3, 0x1234));
    expect(pair.run(10, 16 * PAGE - 1)).toBe('outside');
    expect(pair.vm.vcpu.refused).toBe(16 * PAGE);
  });

  it.each([0, 1, 2])('is decoded anew when its byte %d is written by a vdev', (written) => {
    const pair = makePair(engine);
    const at = NEXT - 1;
    const [before, after] = [set(3, 0x1234), set(2, 0x5678)];
    put(pair, at, [...before, LEAVE]);
    for (const byte of [before, after, before]) {
      put(pair, at + written, [byte[written] as number]);
      expect(pair.run(10, at)).toBe('leave');
    }
  });

  it.each([-1, 0, 1])('is decoded anew when the guest writes at %d from the second page', (where) => {
    const pair = makePair(engine);
    // Some of the stores cross the pages, too.
    const at = NEXT - 20;
    const loop = [...store(0, 1, where), ...inc(0)];
    put(pair, at, loop);
    put(
      pair,
      at + loop.length,
      Array.from({ length: 15 }, () => inc(5)[0] as number),
    );
    put(pair, NEXT - 1, [...set(2, 0x0203), ...inc(7), LEAVE]);
    const random = [0x1b000580, 0x02010304, 0x85858585, 0x80808080, 0x00000000, 0x12060606];
    for (const value of random) {
      pair.setRegisters([value, NEXT]);
      pair.run(60, at);
      pair.run(60, at);
    }
  });

  it('is decoded anew when the guest writes to a second page of which nothing else is executed', () => {
    const pair = makePair(engine);
    const target = CODE + 100;
    put(pair, CODE, [...store(0, 1, 0), ...jumpFar(NEXT - 1 - (CODE + 6))]);
    put(pair, NEXT - 1, jumpFar(target - (NEXT + 2)));
    put(pair, target, [...inc(2), ...inc(3), ...inc(4), ...inc(5), LEAVE]);
    const low = (target - (NEXT + 2)) & 255;
    // The first store enters the page into the TLB for writes.
    for (const ahead of [0, 1, 2, 3, 0]) {
      pair.setRegisters([low + ahead, NEXT + 1]);
      expect(pair.run(20, CODE)).toBe('leave');
    }
  });

  it('overwrites itself and still has its effect', () => {
    const pair = makePair(engine);
    const at = NEXT - 1;
    put(pair, at, [...store(0, 1, 0), ...inc(2), LEAVE]);
    // The store becomes LEAVE, its second byte INC R2, its third one as well.
    pair.setRegisters([0x02021a02, at]);
    pair.run(5, at);
    pair.run(5, at);
  });

  it('follows the translation of either page', () => {
    const pair = makePair(engine);
    const at = NEXT - 1;
    put(pair, at, [...set(3, 0x1234), LEAVE]);
    pair.write(3 * PAGE + PAGE - 1, [0x80 | (2 << 2)]);
    pair.write(7 * PAGE, [0x56, 0x78, LEAVE]);
    const values = (): number[] => pair.vm.vcpu.values.slice(2, 4);
    for (const [first, second] of [
      [2, 9],
      [3, 9],
      [3, 7],
      [2, 7],
      [2, 9],
    ] as const) {
      pair.map(4, first);
      pair.map(5, second);
      pair.setRegisters([0, 0, 0, 0]);
      expect(pair.run(10, at)).toBe('leave');
      expect(values()).toEqual([
        [0x1234, 0x5678][first === 3 ? (second === 7 ? 1 : 0) : 2] ?? 0,
        [0x1234, 0x5678][first === 2 ? (second === 7 ? 1 : 0) : 2] ?? 0,
      ]);
    }
  });

  it('has its page looked up again when an access of it faulted', () => {
    const pair = makePair(engine);
    const at = NEXT - 1;
    put(pair, at, [...load(3, 1, 0), LEAVE]);
    pair.setRegisters([0, 6 * PAGE]);
    expect(pair.run(10, at)).toBe('fault');
    const { vcpu } = pair.vm;
    // The vCPU is at the instruction itself; it continues there with another second page and another access.
    pair.map(6, 11);
    pair.write(12 * PAGE, [1 << 5, 4, LEAVE]);
    pair.write(11 * PAGE, [1, 0, 0, 0, 2, 0, 0, 0]);
    pair.map(5, 12);
    vcpu.end = 'budget';
    vcpu.run(10);
    expect([vcpu.end, vcpu.values[3]]).toEqual(['leave', 2]);
  });

  it('may end in the same page of RAM, or be in as many as there are', () => {
    const pair = new ToyPair(engine, { codePages: 100 });
    pair.write(2 * PAGE + PAGE - 1, [0x80]);
    for (let page = 3; page < 32; page++) pair.write(page * PAGE + PAGE - 1, [0x80 | ((page & 3) << 2)]);
    pair.write(2 * PAGE, [0x12, 0x34, LEAVE]);
    pair.map(5, 2);
    for (const round of [0, 1]) {
      for (let page = 2; page < 32; page++) {
        pair.map(4, page);
        expect(pair.run(10, NEXT - 1)).toBe('leave');
      }
      pair.write(2 * PAGE, [0x12, 0x35 + round, LEAVE]);
    }
  });

  it('runs in a loop without an exit each time', () => {
    const pair = makePair(engine);
    const at = NEXT - 5;
    put(pair, at, [...inc(0), ...operation(ADD, 1, 0), ...inc(4), ...operation(COMPARE, 0, 2)]);
    put(pair, at + 6, [...branch(LESS, -8), LEAVE]);
    pair.setRegisters([0, 0, 20_000]);
    const { vcpu } = pair.vm;
    let straddles = 0;
    const { straddle } = vcpu.fetch;
    vcpu.fetch.straddle = () => {
      straddles++;
      straddle.call(vcpu.fetch);
    };
    expect(pair.run(1_000_000, at)).toBe('leave');
    expect(straddles).toBeLessThan(20);
    expect(pair.vm.regionEntries > 0).toBe(engine === 'wasm');
  });

  it('reports its bytes', () => {
    const pair = makePair(engine);
    put(pair, NEXT - 1, [...load(3, 1, 0), LEAVE]);
    pair.setRegisters([0, 6 * PAGE]);
    expect(pair.run(10, NEXT - 1)).toBe('fault');
    expect([...pair.vm.vcpu.fetch.bytes(3)]).toEqual(load(3, 1, 0));
    pair.map(5, 0, ALL & ~Page.execute);
    expect([...pair.vm.vcpu.fetch.bytes(3)]).toEqual(load(3, 1, 0).slice(0, 1));
  });

  it.each([0, 1, 3])('is where a write faults that nobody accepts after all: %d bytes in the next page', (beyond) => {
    const pair = makePair(engine);
    const at = NEXT - 3 + beyond;
    put(pair, at, [...store(0, 1, 0), LEAVE]);
    // No RAM is there; a tap that returns nothing leaves the write to the VM, which refuses it.
    pair.vm.map(6, 1000, ALL);
    pair.vm.hooks.unmappedAccess.tap('test', () => undefined);
    const { vcpu } = pair.vm;
    vcpu.setRegister('r1', BigInt(6 * PAGE + 8));
    expect(vcpu.start(10, at)).toBe(1);
    expect([vcpu.end, vcpu.refused, Number(vcpu.pc)]).toEqual(['fault', 6 * PAGE + 8, at]);
  });
});
