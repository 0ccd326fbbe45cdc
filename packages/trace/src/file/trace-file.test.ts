import { QvmError } from '@qvm/core';
import fc from 'fast-check';
import { anyEvents, joined, traceFile } from '../trace-events.test.helper.js';
import { fileHeader, recordsChunk, streamChunk, stringsChunk } from './chunks.js';
import { readTrace, TraceReader } from './trace-reader.js';

describe('trace files', () => {
  it('give back what was written, whatever the pieces they come in', () => {
    fc.assert(
      fc.property(anyEvents, fc.integer({ min: 1, max: 300 }), (events, size) => {
        const file = traceFile([{ cpu: 3, origin: 1000, events }]);
        const reader = new TraceReader();
        for (let at = 0; at < file.length; at += size) reader.push(file.subarray(at, at + size));
        const trace = reader.end();
        expect([trace.complete, trace.lost, trace.length]).toEqual([true, 0, events.length]);
        expect([...trace.events()]).toEqual(events.map((event) => ({ ...event, cpu: 3 })));
      }),
    );
  });

  it('merge threads by time, from the origin of the first one', () => {
    fc.assert(
      fc.property(anyEvents, anyEvents, (one, two) => {
        const trace = readTrace(
          traceFile([
            { cpu: 1, origin: 7, lost: 2, events: one },
            { cpu: 0, origin: 5, lost: 3, events: two },
          ]),
        );
        const expected = [
          ...one.map((event) => ({ ...event, time: event.time + 2_000_000, cpu: 1 })),
          ...two.map((event) => ({ ...event, cpu: 0 })),
        ].sort((a, b) => a.time - b.time);
        expect([...trace.events()]).toEqual(expected);
        expect([trace.cpus, trace.lost]).toEqual([[0, 1], 5]);
      }),
    );
  });

  it('that are cut off give what is whole', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(), (events, cut) => {
        const file = traceFile([{ cpu: 0, events }]);
        const part = file.subarray(0, 16 + (cut % (file.length - 16)));
        const trace = readTrace(part);
        expect(trace.complete).toBe(false);
        expect([0, events.length]).toContain(trace.length);
      }),
    );
    expect(() => readTrace(new Uint8Array(3))).toThrow('too short');
  });

  it('that are damaged are read or refused, and nothing else', () => {
    fc.assert(
      fc.property(
        anyEvents,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (events, changes) => {
          const file = traceFile([{ cpu: 0, events }]);
          for (const [at, value] of changes) file[at % file.length] = value;
          try {
            for (const event of readTrace(file).events()) expect(event.time).toBeGreaterThanOrEqual(0);
          } catch (error) {
            expect(error).toBeInstanceOf(QvmError);
            expect((error as QvmError).code).toMatch(/^trace\./);
          }
        },
      ),
    );
  });

  it.each([
    ['another kind of file', [new TextEncoder().encode('#!/bin/sh\necho no trace\n')], 'trace.format', 'begin like'],
    ['another version', [withByte(fileHeader(), 8, 9)], 'trace.version', 'version 9'],
    ['a chunk beyond all bounds', [fileHeader(), withByte(streamChunk(0, 0), 7, 0xff)], 'trace.format', 'chunk of'],
    ['records of no stream', [fileHeader(), recordsChunk(4, 0, new Uint8Array(40))], 'trace.format', 'stream 4'],
    [
      'a part of a record',
      [fileHeader(), streamChunk(0, 0), recordsChunk(0, 0, new Uint8Array(39))],
      'trace.format',
      'cut off',
    ],
    ['a stream twice', [fileHeader(), streamChunk(0, 0), streamChunk(0, 0)], 'trace.format', 'twice'],
    ['origins years apart', [fileHeader(), streamChunk(0, 0), streamChunk(1, 4e12)], 'trace.format', 'far apart'],
    ['records of another size', [fileHeader(), withByte(streamChunk(0, 0), 10, 41)], 'trace.format', 'another size'],
    [
      'a time beyond all',
      [fileHeader(), streamChunk(0, 0), recordsChunk(0, 0, new Uint8Array(40).fill(255))],
      'trace.format',
      'time',
    ],
    [
      'too many strings',
      [
        fileHeader(),
        streamChunk(0, 0),
        stringsChunk(
          0,
          Array.from({ length: 4097 }, () => ''),
        ),
      ],
      'trace.format',
      'too many',
    ],
  ] as const)('refuse %s', (_, pieces, code, message) => {
    const read = (): unknown => readTrace(joined(pieces));
    expect(read).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });

  it('keep control characters off the terminal, and cut long names', () => {
    const long = 'ä'.repeat(300);
    const records = new Uint8Array(40);
    records[10] = 0;
    records[12] = 1;
    const trace = readTrace(
      joined([fileHeader(), streamChunk(0, 0), stringsChunk(0, ['\u001b[2J', long]), recordsChunk(0, 0, records)]),
    );
    const [event] = trace.events();
    expect([event?.vm, event?.name]).toEqual(['?[2J', 'ä'.repeat(127)]);
  });
});

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  bytes[at] = value;
  return bytes;
}
