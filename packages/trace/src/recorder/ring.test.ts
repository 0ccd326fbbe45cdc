import fc from 'fast-check';
import { RECORD_BYTES } from '../record.js';
import { ringBytes, TraceRing, type RingMode } from './ring.js';

/** Puts a number into the ring as a record. */
function put(ring: TraceRing, value: number): void {
  const at = ring.claim();
  if (at < 0) return;
  ring.view.setUint32(at, value, true);
  ring.commit();
}

function take(ring: TraceRing, most?: number): number[] {
  const bytes = ring.drain(most);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / RECORD_BYTES }, (_, n) => view.getUint32(n * RECORD_BYTES, true));
}

describe('a ring of records', () => {
  it.each<RingMode>(['stop', 'overwrite'])('in mode %s behaves as a bounded queue', (mode) => {
    const step = fc.oneof(
      fc.record({ put: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 40 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const ring = new TraceRing(16, mode, new SharedArrayBuffer(ringBytes(16)));
        let model: number[] = [];
        let lost = 0;
        let next = 0;
        for (const action of steps) {
          if ('take' in action) {
            expect(take(ring, action.take)).toEqual(model.splice(0, action.take));
            continue;
          }
          for (let n = 0; n < action.put; n++, next++) {
            put(ring, next);
            if (model.length < 16) model.push(next);
            else {
              lost++;
              if (mode === 'overwrite') model = [...model.slice(1), next];
            }
          }
          expect(ring.used).toBe(model.length);
        }
        expect([take(ring), ring.takeLost(), ring.takeLost()]).toEqual([model, lost, 0]);
      }),
    );
  });

  it.each([0, 15, 24, 2 ** 25, -16, 16.5, NaN])('refuses %p records', (capacity) => {
    expect(() => new TraceRing(capacity)).toThrow(expect.objectContaining({ code: 'trace.capacity' }));
  });

  it('refuses memory that is too small', () => {
    expect(() => new TraceRing(16, 'stop', new ArrayBuffer(100))).toThrow('memory for it');
  });
});
