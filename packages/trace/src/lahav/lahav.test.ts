import fc from 'fast-check';
import { readTrace } from '../file/trace-reader.js';
import { TraceEventId } from '../event.js';
import { anyEvents, traceFile, type TestEvent } from '../trace-events.test.helper.js';
import { buildLahavLine, clipLahavLine } from './build.js';
import { lahavHtml } from './html.js';
import { lahavJson } from './json.js';
import type { LahavLine } from './lahav-line.js';
import { bucketLane } from './buckets.js';
import { decodeLanes, pageData } from './page/page-data.js';
import { lahavSvg } from './svg.js';
import { lahavTerminal } from './terminal.js';
import { lahavTotals } from './totals.js';

const lineOf = (...streams: readonly (readonly TestEvent[])[]): LahavLine =>
  buildLahavLine(readTrace(traceFile(streams.map((events, cpu) => ({ cpu, events })))));

const anyLine = fc.tuple(anyEvents, anyEvents).map(([one, two]) => lineOf(one, two));

const event = (time: number, id: TraceEventId, name = '', changes: Partial<TestEvent> = {}): TestEvent => ({
  time,
  id,
  vm: 'vm',
  vcpu: 0,
  name,
  detail: '',
  a: 0,
  b: 0,
  c: 0n,
  d: 0n,
  ...changes,
});

/** A turn with a device access, and a wait that extends beyond the turn. */
const RUN: readonly TestEvent[] = [
  event(0, TraceEventId.VmState, 'running'),
  event(10, TraceEventId.StepBegin),
  event(12, TraceEventId.VcpuState, 'running', { detail: 'ready' }),
  event(12, TraceEventId.GuestEntry, 'schedule'),
  event(20, TraceEventId.Cycles),
  event(20, TraceEventId.GuestExit, 'mmio', { detail: 'uart' }),
  event(25, TraceEventId.GuestEntry, 'mmio', { detail: 'uart' }),
  event(40, TraceEventId.Cycles),
  event(40, TraceEventId.GuestExit, 'wfi'),
  event(43, TraceEventId.VcpuState, 'halted', { detail: 'running' }),
  event(45, TraceEventId.StepEnd, '', { a: 1 }),
  event(100, TraceEventId.StepBegin),
  event(101, TraceEventId.VcpuState, 'running', { detail: 'halted' }),
  event(103, TraceEventId.GuestEntry, 'wfi'),
  event(110, TraceEventId.Cycles),
  event(110, TraceEventId.GuestExit, 'schedule'),
  event(110, TraceEventId.VcpuState, 'ready', { detail: 'running' }),
  event(111, TraceEventId.StepEnd),
];

describe('the Lahav Line', () => {
  it('says what each stretch of time was', () => {
    const line = lineOf(RUN);
    const lane = line.lanes[0];
    const segments = Array.from(lane?.starts ?? [], (start, n) => {
      const label = line.labels[lane?.labels[n] ?? -1];
      return [start, label?.kind, label?.cause, label?.vdev, label?.exit];
    });
    expect(segments).toEqual([
      [0, 'hypervisor', 'host', '', false],
      [10, 'hypervisor', 'schedule', '', false],
      [12, 'guest', '', '', false],
      [20, 'hypervisor', 'mmio', 'uart', true],
      [25, 'guest', '', '', false],
      [40, 'hypervisor', 'wfi', '', true],
      [43, 'hypervisor', 'schedule', '', false],
      [45, 'idle', '', '', false],
      [100, 'hypervisor', 'schedule', '', false],
      [101, 'hypervisor', 'wfi', '', false],
      [103, 'guest', '', '', false],
      [110, 'hypervisor', 'schedule', '', false],
      [111, 'hypervisor', 'host', '', false],
    ]);
    expect(lahavTotals(line)).toMatchObject({
      duration: 111,
      guest: 8 + 15 + 7,
      idle: 55,
      exits: 2,
      residency: 30 / 56,
      longestHypervisor: { start: 0, time: 10, label: { cause: 'host' } },
      vcpus: [{ vm: 'vm', vcpu: 0, guest: 30, exits: { mmio: { count: 1, time: 5 }, wfi: { count: 1, time: 5 } } }],
    });
  });

  it('gives no guest time to an entry that was given up', () => {
    const line = lineOf([
      event(0, TraceEventId.GuestEntry, 'mmio'),
      event(5, TraceEventId.GuestExit, 'mmio'),
      event(9, TraceEventId.GuestEntry, 'mmio'),
    ]);
    expect(lahavTotals(line)).toMatchObject({ guest: 0, hypervisor: 9 });
  });

  it('has no residency where all is idle, and no rate without time', () => {
    const idle = lineOf([event(0, TraceEventId.StepEnd, '', { a: 1 }), event(50, TraceEventId.StepEnd, '', { a: 1 })]);
    expect(lahavTotals(idle)).toMatchObject({ duration: 50, idle: 50, exits: 0, exitsPerSecond: 0 });
    expect(lahavTotals(idle)).not.toHaveProperty('residency');
    expect(lahavTerminal(idle)).toContain('residency –; 0 guest exits, 0/s\n');
    const moment = lahavTotals(lineOf([event(7, TraceEventId.StepBegin)]));
    expect(moment).toMatchObject({ duration: 0 });
    expect(Object.keys(moment)).not.toEqual(expect.arrayContaining(['residency']));
    expect(Object.keys(moment)).not.toEqual(expect.arrayContaining(['exitsPerSecond']));
    expect(lahavSvg(lineOf([event(7, TraceEventId.StepBegin)]))).not.toMatch(/NaN|Infinity/);
  });

  it('tiles the time of each CPU, whatever the events', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        for (const { starts, labels, end } of line.lanes) {
          expect(labels).toHaveLength(starts.length);
          expect(Array.from(starts)).toEqual(Array.from(starts).sort((a, b) => a - b));
          expect(starts.at(-1)).toBeLessThanOrEqual(end);
        }
        const span = line.lanes.reduce((sum, { starts, end }) => sum + end - (starts[0] ?? end), 0);
        const totals = lahavTotals(line);
        expect(totals.duration).toBe(span);
        expect(totals.causes.reduce((sum, { time }) => sum + time, 0)).toBe(totals.hypervisor);
        expect(totals.causes.reduce((sum, { exits }) => sum + exits, 0)).toBe(totals.exits);
      }),
    );
  });

  it('is the sum of its parts', () => {
    fc.assert(
      fc.property(anyLine, fc.nat(1_000_000_000), (line, cut) => {
        const whole = lahavTotals(line);
        const parts = [clipLahavLine(line, 0, cut), clipLahavLine(line, cut, Infinity)].map((part) =>
          lahavTotals(part),
        );
        for (const key of ['duration', 'guest', 'hypervisor', 'idle'] as const) {
          expect(parts.reduce((sum, part) => sum + part[key], 0)).toBe(whole[key]);
          expect(lahavTotals(line, 0, cut)[key]).toBe(parts[0]?.[key]);
        }
      }),
    );
  });

  it('loses no time when it is drawn in columns', () => {
    fc.assert(
      fc.property(
        anyEvents.filter((events) => events.length > 1),
        fc.integer({ min: 1, max: 50 }),
        (events, columns) => {
          const line = lineOf(events);
          const [lane] = line.lanes;
          if (lane === undefined || lane.end === lane.starts[0]) return;
          const from = lane.starts[0] as number;
          const times = bucketLane(lane, from, lane.end, columns, new Uint8Array(line.labels.length), 1);
          expect(times.reduce((sum, time) => sum + time, 0)).toBeCloseTo(lane.end - from, 3);
          for (const time of times) expect(time).toBeCloseTo((lane.end - from) / columns, 3);
        },
      ),
    );
  });

  it('reaches the page unchanged', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        const { lanes } = pageData(line);
        const origin = Math.min(...line.lanes.map(({ starts }) => starts[0] ?? Infinity));
        const expected = line.lanes.map(({ cpu, starts, labels, end }) => {
          return { cpu, starts: starts.map((start) => start - origin), labels, end: end - origin };
        });
        expect(decodeLanes(lanes)).toEqual(expected);
      }),
    );
  });

  it('can be drawn whatever it is', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        expect(lahavTerminal(line, { width: 60 })).toMatch(/CPU|no time/);
        expect(lahavSvg(line)).toMatch(/^<svg[^]*<\/svg>\n$/);
        expect(lahavHtml(line)).toContain('<title>Lahav Line</title>');
        const json = JSON.parse([...lahavJson(line)].join('')) as {
          readonly totals: unknown;
          readonly lanes: unknown[];
        };
        expect(json.lanes).toHaveLength(line.lanes.length);
        expect(json.totals).toEqual(JSON.parse(JSON.stringify(lahavTotals(line))));
      }),
      { numRuns: 30 },
    );
  });

  it('draws names that look like markup as names', () => {
    const vm = '</script><img src=x onerror=alert(1)>';
    const line = lineOf(RUN.map((each) => ({ ...each, vm })));
    expect(lahavHtml(line)).not.toContain('</script><img');
    expect(lahavSvg(line)).not.toContain('<img');
    expect(lahavSvg(line)).toContain('&lt;img src=x');
  });

  it('fits the terminal', () => {
    const text = lahavTerminal(lineOf(RUN), { width: 72 });
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(72);
    expect(text).toMatch(/^mmio +1 +5 ns +4\.5 % +5 ns/m);
    expect(lahavTerminal(lineOf(RUN), { width: 72, colour: true })).toContain('\u001b[38;2;');
  });
});
