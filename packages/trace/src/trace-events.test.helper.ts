import fc from 'fast-check';
import { endChunk, fileHeader, recordsChunk, streamChunk, stringsChunk } from './file/chunks.js';
import { encodeRecords } from './file/record-encoder.js';
import { NO_VCPU, TraceEventId, type TraceEvent } from './event.js';
import { Field, RECORD_BYTES, setUint53 } from './record.js';
import { StringTable } from './recorder/string-table.js';

/** An event of a test's stream, without the number of its thread. */
export type TestEvent = Omit<TraceEvent, 'cpu'>;

const IDS = Object.values(TraceEventId).filter((id): id is TraceEventId => typeof id === 'number');

/** Any events, in order of time. */
export const anyEvents: fc.Arbitrary<readonly TestEvent[]> = fc
  .array(
    fc.record({
      time: fc.nat(1_000_000_000),
      id: fc.constantFrom(...IDS),
      vm: fc.constantFrom('one', 'two'),
      vcpu: fc.constantFrom(0, 1, NO_VCPU),
      name: fc.constantFrom('mmio', 'wfi', 'schedule', 'running', 'halted', 'sysreg'),
      detail: fc.constantFrom('', 'pl011-0', 'running', 'ready'),
      a: fc.constantFrom(0, 1, 0xffff_ffff, Number.MAX_SAFE_INTEGER),
      b: fc.constantFrom(0, 4, 0xffff_ffff),
      c: fc.bigInt(0n, 2n ** 64n - 1n),
      d: fc.bigInt(0n, 2n ** 64n - 1n),
    }),
    { maxLength: 60 },
  )
  .map((events) => events.sort((x, y) => x.time - y.time));

/** A trace file with the events of several threads, which started at the given milliseconds. */
export function traceFile(
  streams: readonly {
    readonly cpu: number;
    readonly origin?: number;
    readonly lost?: number;
    readonly events: readonly TestEvent[];
  }[],
): Uint8Array {
  const chunks = streams.flatMap(({ cpu, origin = 0, lost = 0, events }) => {
    const strings = new StringTable();
    const records = encodeRecords(ringRecords(events, strings));
    return [streamChunk(cpu, origin), stringsChunk(cpu, strings.takeFresh()), recordsChunk(cpu, lost, records)];
  });
  return joined([fileHeader(), ...chunks, endChunk()]);
}

/** Joins the pieces of a file. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Events as records of the ring. */
export function ringRecords(events: readonly TestEvent[], strings: StringTable): Uint8Array {
  const bytes = new Uint8Array(events.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  events.forEach(({ time, id, vm, vcpu, name, detail, a, b, c, d }, index) => {
    const at = index * RECORD_BYTES;
    setUint53(view, at + Field.time, time);
    view.setUint8(at + Field.id, id);
    view.setUint8(at + Field.vcpu, vcpu);
    view.setUint16(at + Field.vm, strings.numberOf(vm), true);
    view.setUint16(at + Field.name, strings.numberOf(name), true);
    view.setUint16(at + Field.detail, strings.numberOf(detail), true);
    setUint53(view, at + Field.a, a);
    view.setUint32(at + Field.b, b, true);
    view.setBigUint64(at + Field.c, c, true);
    view.setBigUint64(at + Field.d, d, true);
  });
  return bytes;
}
