import { readTrace } from '../file/trace-reader.js';
import { ACCESS_WRITE, ExitStatus, NO_VCPU, TraceEventId } from '../event.js';
import { buildLahavLine } from '../lahav/build.js';
import type { Trace } from '../trace.js';
import { traceFile, type TestEvent } from '../trace-events.test.helper.js';
import { chromeTrace } from './chrome-trace.js';
import { eventFilter } from './filter.js';
import { jsonLines } from './json-lines.js';
import { textLines } from './text.js';

const BASE: TestEvent = { time: 0, id: 0, vm: 'my vm', vcpu: 0, name: '', detail: '', a: 0, b: 0, c: 0n, d: 0n };
const EVENTS: readonly TestEvent[] = [
  { ...BASE, time: 16, id: TraceEventId.StepBegin, vcpu: NO_VCPU, d: 4n },
  { ...BASE, time: 20, id: TraceEventId.GuestEntry, name: 'schedule', c: 0x4000_0000n, d: 7n },
  { ...BASE, time: 30, id: TraceEventId.Cycles, c: 20n, d: 30n },
  {
    ...BASE,
    time: 30,
    id: TraceEventId.GuestExit,
    name: 'wfi',
    a: 0x07e0_0000,
    b: ExitStatus.Synchronous,
    c: 0x4000_0010n,
  },
  { ...BASE, time: 31, id: TraceEventId.InterruptAsserted, vm: 'other', vcpu: NO_VCPU, name: 'uart', a: 33 },
  {
    ...BASE,
    time: 40,
    id: TraceEventId.VdevAccess,
    name: 'uart',
    a: 0x18,
    b: 8 | ACCESS_WRITE,
    c: 0x1234_5678_9abc_def0n,
    d: 0x900_0018n,
  },
  { ...BASE, time: 50, id: TraceEventId.TimerFired, vcpu: NO_VCPU, name: 'timer virtual 0', c: 99n },
  { ...BASE, time: 60, id: TraceEventId.Hypercall, name: 'hvc', a: 0x8400_0008, c: 1n, d: 2n },
  { ...BASE, time: 70, id: 200, name: 'later', a: 1 },
];
const trace = (): Trace => readTrace(traceFile([{ cpu: 2, events: EVENTS }]));

describe('traces in print', () => {
  it('are lines of text in the documented form', () => {
    expect([...textLines(trace().events())]).toEqual([
      't:0x10 CPU:02 QVM :STEP_BEGIN qvm:my_vm guest_time:4',
      't:0x14 CPU:02 QVM :GUEST_ENTER qvm:my_vm vcpu_id:0 guest_ip:0x40000000 cause:schedule instructions:7',
      't:0x1e CPU:02 QVM :CYCLES qvm:my_vm vcpu_id:0 at_entry:0x14 at_exit:0x1e',
      't:0x1e CPU:02 QVM :GUEST_EXIT qvm:my_vm vcpu_id:0 status:0 hw_reason:0x07e00000 clockcycles_offset:0xfffffffffffffff4 guest_ip:0x40000010 payload:0x0 cause:wfi',
      't:0x1f CPU:02 QVM :ASSERT_INTR qvm:other interrupt:33 source:uart',
      't:0x28 CPU:02 QVM :VDEV_ACCESS qvm:my_vm vcpu_id:0 vdev:uart access:write offset:0x18 width:8 value:0x123456789abcdef0 address:0x9000018',
      't:0x32 CPU:02 QVM :TIMER_FIRE qvm:my_vm timer:timer_virtual_0 deadline:99',
      't:0x3c CPU:02 QVM :HYPERCALL qvm:my_vm vcpu_id:0 conduit:hvc function:0x84000008 immediate:0 x1:0x1 x2:0x2',
      't:0x46 CPU:02 QVM :EVENT_200 qvm:my_vm vcpu_id:0 name:later detail:- a:0x1 b:0x0 c:0x0 d:0x0',
    ]);
  });

  it('are JSON, a line each', () => {
    const lines = [...jsonLines(trace().events())].map((line) => JSON.parse(line) as unknown);
    expect(lines).toHaveLength(EVENTS.length);
    expect(lines[4]).toEqual({ time: 31, cpu: 2, event: 'ASSERT_INTR', vm: 'other', interrupt: 33, source: 'uart' });
  });

  it('tell what the clocks differ by also where only some events are printed', () => {
    const [exit] = textLines(trace().events(), eventFilter(16, { events: ['GUEST_EXIT'] }));
    expect(exit).toContain('clockcycles_offset:0xfffffffffffffff4');
  });

  it('can be chosen by VM, event, cause and time', () => {
    const times = (filter: Parameters<typeof eventFilter>[1]): number[] =>
      [...trace().events()].filter(eventFilter(16, filter)).map(({ time }) => time);
    expect(times({ vms: ['other'] })).toEqual([31]);
    expect(times({ events: ['cycles', 'ASSERT_INTR'] })).toEqual([30, 31]);
    expect(times({ events: ['wfi'] })).toEqual([30]);
    expect(times({ since: 15, until: 34 })).toEqual([31, 40, 50]);
  });

  it('open in Perfetto: complete events with times in microseconds', () => {
    const all = trace();
    const text = [...chromeTrace(buildLahavLine(all), all.events())].join('');
    const { traceEvents } = JSON.parse(text) as { readonly traceEvents: readonly Record<string, unknown>[] };
    expect(traceEvents).toContainEqual(
      expect.objectContaining({ ph: 'X', name: 'my vm/0', cat: 'guest', pid: 1, tid: 2, ts: 0.02, dur: 0.01 }),
    );
    expect(traceEvents).toContainEqual(expect.objectContaining({ ph: 'i', name: 'ASSERT_INTR uart', ts: 0.031 }));
    for (const event of traceEvents)
      expect(event).toMatchObject({ ph: expect.stringMatching(/^[MXi]$/), pid: expect.any(Number) });
  });
});
