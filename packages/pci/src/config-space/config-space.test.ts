import fc from 'fast-check';
import { VdevStateError, type AccessWidth } from '@qvm/core/vdev';
import { ConfigSpace, CONFIG_SPACE_BYTES, type ConfigField } from './config-space.js';

const width = fc.constantFrom<AccessWidth[]>(1, 2, 4);
const word = fc.nat(0xffff_ffff);
/** Mostly a small region, so that fields and accesses meet. */
const offset = fc.oneof(fc.nat(31), fc.nat(CONFIG_SPACE_BYTES + 8));
const field = fc.record({ offset: fc.nat(27), width, value: word, writable: word, clears: word });
const access = fc.record({ offset, width, value: word });

interface Bit {
  value: number;
  readonly writable: boolean;
  readonly clears: boolean;
}

/** A model that knows single bits, in terms of the words "read-only", "writable" and "cleared by one". */
class BitModel {
  readonly #bits = new Map<number, Bit>();

  define({ offset, width, value = 0, writable = 0, clears = 0 }: ConfigField): void {
    for (let bit = 0; bit < 8 * width; bit++) {
      const on = (mask: number): boolean => Math.floor(mask / 2 ** bit) % 2 === 1;
      this.#bits.set(8 * offset + bit, { value: on(value) ? 1 : 0, writable: on(writable), clears: on(clears) });
    }
  }

  write(offset: number, width: AccessWidth, value: number): void {
    for (let index = 0; index < 8 * width; index++) {
      const bit = this.#bits.get(8 * offset + index);
      const written = Math.floor(value / 2 ** index) % 2;
      if (bit === undefined) continue;
      if (bit.writable) bit.value = written;
      if (bit.clears && written === 1) bit.value = 0;
    }
  }

  read(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let index = 0; index < 8 * width; index++) value += this.#bit(8 * offset + index) * 2 ** index;
    return value;
  }

  /** Nothing is defined in some places; others are beyond the space. */
  #bit(at: number): number {
    return this.#bits.get(at)?.value ?? (at < 8 * CONFIG_SPACE_BYTES ? 0 : 1);
  }
}

describe('ConfigSpace', () => {
  it('agrees with a model of single bits on random fields and accesses', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 12 }), fc.array(access, { maxLength: 60 }), (fields, accesses) => {
        const [space, model] = [new ConfigSpace(), new BitModel()];
        for (const one of fields) {
          space.define(one);
          model.define(one);
        }
        for (const { offset: at, width: bytes, value } of accesses) {
          space.write(at, bytes, value % 2 ** (8 * bytes));
          model.write(at, bytes, value % 2 ** (8 * bytes));
          expect(space.read(at, bytes)).toBe(model.read(at, bytes));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('reads as it did, after its state has gone to another one', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 8 }), fc.array(access, { maxLength: 30 }), (fields, accesses) => {
        const [one, two] = [new ConfigSpace(), new ConfigSpace()];
        for (const each of fields) for (const space of [one, two]) space.define(each);
        for (const { offset: at, width: bytes, value } of accesses) one.write(at, bytes, value % 2 ** (8 * bytes));
        two.decode(one.save())();
        for (let at = 0; at < 32; at += 4) expect(two.read(at, 4)).toBe(one.read(at, 4));
        one.reset();
        two.reset();
        for (let at = 0; at < 32; at += 4) expect(one.read(at, 4)).toBe(two.read(at, 4));
      }),
      { numRuns: 100 },
    );
  });

  it.each<readonly [string, unknown]>([
    ['is no object', null],
    ['lacks its bytes', {}],
    ['has too few bytes', { bytes: 'ff' }],
    ['has too many bytes', { bytes: '00ff00' }],
    ['has no hexadecimal digits', { bytes: '0x1g' }],
    ['changes read-only bits', { bytes: '0082' }],
  ])('refuses a state that %s, and stays as it was', (_, state) => {
    const space = new ConfigSpace();
    space.define({ offset: 4, width: 2, value: 0x0102, writable: 0xf0ff });
    space.write(4, 2, 0x3456);
    expect(() => space.decode(state)).toThrow(VdevStateError);
    expect(space.read(4, 2)).toBe(0x3156);
  });

  it('tells of writes, not of what the function sets itself', () => {
    const written: number[] = [];
    const space = new ConfigSpace((at, bytes) => written.push(at, bytes));
    space.set(4, 2, 0xffff);
    space.setBits(4, 1, 0x0f, false);
    expect([space.read(4, 2), written]).toEqual([0xfff0, []]);
    space.write(4, 2, 0);
    expect([space.read(4, 2), written]).toEqual([0xfff0, [4, 2]]);
  });

  it('passes accesses within a live range to its handler', () => {
    const calls: number[][] = [];
    const space = new ConfigSpace();
    space.defineLive(0x50, 4, {
      read: (at, bytes) => (calls.push([at, bytes]), 7),
      write: (at, bytes, value) => void calls.push([at, bytes, value]),
    });
    expect([space.read(0x50, 4), space.read(0x52, 2), space.read(0x52, 4), space.read(0x4e, 4)]).toEqual([7, 7, 0, 0]);
    space.write(0x53, 1, 9);
    space.write(0x54, 4, 9);
    expect(calls).toEqual([
      [0, 4],
      [2, 2],
      [3, 1, 9],
    ]);
  });

  it('has no fields beyond its end', () => {
    const space = new ConfigSpace();
    expect(() => space.define({ offset: CONFIG_SPACE_BYTES - 1, width: 2 })).toThrow('not in the configuration space');
    expect(() => space.define({ offset: -1, width: 1 })).toThrow('not in the configuration space');
  });
});
