import { QvmError } from '@qvm/core';
import fc from 'fast-check';
import { anyEvents, joined, traceFile } from '../trace-events.test.helper.js';
import { fileHeader, recordsChunk, streamChunk, stringsChunk } from './chunks.js';
import { readTrace, TraceReader } from './trace-reader.js';

const BEGIN = [fileHeader(), streamChunk(0, 0)];
/** 2^63 in ten bytes of seven bits. */
const LONGEST = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1];

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

describe('trace files', () => {
  it('have the bytes that their documentation says', () => {
    // The example of docs/formats/trace.md.
    const records = bytes(1, 0xa2, 0, 0xe8, 7, 4, 0xc8, 0x81, 0x80, 0x80, 8, 1, 0x20, 5, 7);
    const strings = stringsChunk(0, ['', '?', 'mmio']);
    const trace = readTrace(joined([...BEGIN, strings, recordsChunk(0, 0, records)]));
    const first = {
      id: 1,
      cpu: 0,
      vcpu: 0,
      time: 1000,
      vm: '',
      name: 'mmio',
      detail: '',
      a: 0,
      b: 0,
      c: 0x4000_0064n,
      d: 0n,
    };
    expect([...trace.events()]).toEqual([first, { ...first, time: 1005, c: 0x4000_0060n }]);
    expect([trace.length, trace.start, trace.end]).toEqual([2, 1000, 1005]);
  });

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
    [
      'another version',
      [withByte(fileHeader(), 8, 1)],
      'trace.version',
      'version 1 of the format; this qvm reads version 2',
    ],
    ['a chunk beyond all bounds', [fileHeader(), withByte(streamChunk(0, 0), 7, 0xff)], 'trace.format', 'chunk of'],
    ['records of no stream', [fileHeader(), recordsChunk(4, 0, bytes(0, 0, 0))], 'trace.format', 'stream 4'],
    ['a part of a record', [...BEGIN, recordsChunk(0, 0, bytes(0, 0x80, 1))], 'trace.format', 'cut off'],
    ['a part of a number', [...BEGIN, recordsChunk(0, 0, bytes(0, 1, 0, 0x80))], 'trace.format', 'cut off'],
    ['a stream twice', [fileHeader(), streamChunk(0, 0), streamChunk(0, 0)], 'trace.format', 'twice'],
    ['origins years apart', [fileHeader(), streamChunk(0, 0), streamChunk(1, 4e12)], 'trace.format', 'far apart'],
    ['a time beyond all', [...BEGIN, recordsChunk(0, 0, bytes(0, 0, ...LONGEST))], 'trace.format', 'time'],
    [
      'a number of more than 64 bits',
      [...BEGIN, recordsChunk(0, 0, bytes(0, 0x20, 0, ...LONGEST.slice(0, 9), 2))],
      'trace.format',
      '64 bits',
    ],
    [
      'a number that does not end',
      [...BEGIN, recordsChunk(0, 0, bytes(0, 0x20, 0, ...LONGEST.map(() => 0xff), 0))],
      'trace.format',
      '64 bits',
    ],
    ['the string 4096', [...BEGIN, recordsChunk(0, 0, bytes(0, 2, 0, 0x80, 0x40))], 'trace.format', 'string'],
    ['the string −1', [...BEGIN, recordsChunk(0, 0, bytes(0, 2, 0, 1))], 'trace.format', 'string'],
    ['a value of 64 bits for one of 53', [...BEGIN, recordsChunk(0, 0, bytes(0, 8, 0, 1))], 'trace.format', 'value'],
    ['a value of 64 bits for one of 32', [...BEGIN, recordsChunk(0, 0, bytes(0, 16, 0, 1))], 'trace.format', 'value'],
    [
      'a chunk that begins before the last one ends',
      [...BEGIN, recordsChunk(0, 0, bytes(0, 0, 5)), recordsChunk(0, 0, bytes(0, 0, 4))],
      'trace.format',
      'in order of time',
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
    const records = recordsChunk(0, 0, bytes(0, 2, 0, 2));
    const trace = readTrace(joined([...BEGIN, stringsChunk(0, ['\u001b[2J', long]), records]));
    const [event] = trace.events();
    expect([event?.vm, event?.name]).toEqual(['?[2J', 'ä'.repeat(127)]);
  });
});

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  bytes[at] = value;
  return bytes;
}
