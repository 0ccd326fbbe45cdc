import { QvmError } from '../errors/qvm-error.js';
import { RegisterBlock } from './register-block.js';
import { registersToMarkdown } from './register-layout.js';
import type { RegisterLayout } from './register-layout.js';
import { VdevStateError } from './vdev-state.js';

interface Log {
  calls: string[];
}

const layout = {
  CTRL: {
    offset: 0x0,
    access: 'rw',
    bits: 20,
    reset: 0x12345,
    description: 'Control',
    changed: (log: Log, value: number, previous: number) =>
      log.calls.push(`${previous.toString(16)}>${value.toString(16)}`),
  },
  CLEAR: {
    offset: 0x4,
    access: 'wo',
    bits: 4,
    description: 'Clear',
    write: (log: Log, value: number) => log.calls.push(`clear ${value}`),
  },
  STATUS: { offset: 0x8, access: 'ro', description: 'Status' },
  LIVE: { offset: 0xc, access: 'ro', bits: 12, description: 'Computed', read: () => 0xffff_f9ab },
} as const satisfies RegisterLayout<Log>;

function createBlock(): { block: RegisterBlock<Log, keyof typeof layout>; log: Log } {
  const log: Log = { calls: [] };
  return { block: new RegisterBlock<Log, keyof typeof layout>(layout, log, 0x20), log };
}

describe('RegisterBlock', () => {
  it('starts at the reset values and returns to them', () => {
    const { block } = createBlock();
    expect(block.read(0, 4)).toBe(0x12345);
    block.write(0, 4, 0);
    block.reset();
    expect(block.get('CTRL')).toBe(0x12345);
  });

  it('reads byte lanes', () => {
    const { block } = createBlock();
    expect([0, 1, 2, 3].map((offset) => block.read(offset, 1))).toEqual([0x45, 0x23, 0x01, 0]);
    expect(block.read(2, 2)).toBe(0x0001);
    expect(block.read(0xc, 4)).toBe(0x9ab);
    block.set('STATUS', 0xffff_ffff);
    expect(block.read(8, 4)).toBe(0xffff_ffff);
    expect(block.read(10, 2)).toBe(0xffff);
  });

  it('writes byte lanes, within the implemented bits', () => {
    const { block, log } = createBlock();
    block.write(1, 1, 0xab);
    block.write(2, 2, 0xffff);
    expect(block.read(0, 4)).toBe(0xfab45);
    expect(log.calls).toEqual(['12345>1ab45', '1ab45>fab45']);
  });

  it('passes commands on, with the lanes outside the access zero', () => {
    const { block, log } = createBlock();
    block.write(4, 4, 0xff);
    block.write(5, 1, 0xff);
    expect(log.calls).toEqual(['clear 15', 'clear 0']);
    expect(block.read(4, 4)).toBe(0);
  });

  it('ignores writes to read-only registers, and offsets without a register', () => {
    const { block } = createBlock();
    block.write(8, 4, 1);
    block.write(0x10, 4, 1);
    expect([block.read(8, 4), block.read(0x10, 4), block.read(0x1ffc, 4)]).toEqual([0, 0, 0]);
  });

  it('saves what it stores and checks what it restores', () => {
    const { block } = createBlock();
    block.set('STATUS', 7);
    const saved = block.save();
    expect(saved).toEqual({ CTRL: 0x12345, STATUS: 7 });
    block.reset();
    block.load(block.decode(saved));
    expect(block.get('STATUS')).toBe(7);
    for (const bad of [
      { CTRL: 1 },
      { ...saved, CTRL: 2 ** 20 },
      { ...saved, LIVE: 1 },
      [],
      null,
      { CTRL: '1', STATUS: 7 },
    ]) {
      expect(() => block.decode(bad)).toThrow(VdevStateError);
    }
  });

  it('refuses layouts that overlap, are unaligned or do not fit', () => {
    const register = (offset: number) => ({ offset, access: 'rw', description: 'R' }) as const;
    for (const bad of [
      { A: register(0), B: register(0) },
      { A: register(2) },
      { A: register(8) },
      { A: register(-4) },
    ]) {
      expect(() => new RegisterBlock<unknown, string>(bad, undefined, 8)).toThrow(QvmError);
    }
  });
});

describe('registersToMarkdown', () => {
  it('has a row for each register', () => {
    expect(registersToMarkdown(layout).split('\n').slice(2)).toEqual([
      '| 0x000 | CTRL | RW | 20 | 0x12345 | Control |',
      '| 0x004 | CLEAR | WO | 4 | – | Clear |',
      '| 0x008 | STATUS | RO | 32 | 0x0 | Status |',
      '| 0x00c | LIVE | RO | 12 | – | Computed |',
    ]);
  });
});
