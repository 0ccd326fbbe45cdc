import { createVcpuHooks } from '@qvm/core/architecture';
import { tappable, type GuestExitEvent, type VcpuHooks } from '@qvm/core/hooks';
import { fileHeader, recordsChunk, streamChunk, stringsChunk } from '../file/chunks.js';
import { encodeRecords } from '../file/record-encoder.js';
import { readTrace } from '../file/trace-reader.js';
import { ACCESS_WRITE, TraceEventId, type TraceEvent } from '../event.js';
import { joined } from '../trace-events.test.helper.js';
import { RecordWriter } from './record-writer.js';
import { TraceRing } from './ring.js';
import { StringTable } from './string-table.js';
import { VcpuRecorder } from './vcpu-recorder.js';

const KINDS = { trap: {}, guestExit: { mmio: '' }, interruptTaken: {} };

/** Hooks of a vCPU that is recorded, and what a trace file with the records tells. */
function recordedVcpu(): { readonly hooks: VcpuHooks; readonly events: () => readonly TraceEvent[] } {
  const hooks = createVcpuHooks(0, KINDS);
  const ring = new TraceRing(64);
  const strings = new StringTable();
  new VcpuRecorder(new RecordWriter(ring, strings), 0, 0).attach(tappable(hooks));
  const events = (): readonly TraceEvent[] => {
    const chunks = [
      streamChunk(0, 0),
      stringsChunk(0, strings.takeFresh()),
      recordsChunk(0, 0, encodeRecords(ring.drain())),
    ];
    return [...readTrace(joined([fileHeader(), ...chunks])).events()];
  };
  return { hooks, events };
}

const exit = (changes: Partial<GuestExitEvent>): GuestExitEvent => ({
  vcpu: { pc: 0x4000_0000n } as GuestExitEvent['vcpu'],
  cause: 'mmio',
  vdev: 'shmem-0',
  instructions: 5,
  time: 0,
  ...changes,
});

describe('a recorder of a vCPU', () => {
  it('keeps all bits of an access', () => {
    const { hooks, events } = recordedVcpu();
    const access = {
      address: 2 ** 40 + 8,
      offset: 2 ** 33 + 8,
      width: 8,
      write: true,
      value: 0x9abc_def0,
      high: 0x8234_5678,
    };
    hooks.guestExit.call(exit({ access, syndrome: -1 }));
    hooks.guestEntrance.call(exit({ access }));
    expect(events().find(({ id }) => id === TraceEventId.VdevAccess)).toMatchObject({
      name: 'shmem-0',
      a: access.offset,
      b: 8 | ACCESS_WRITE,
      c: 0x8234_5678_9abc_def0n,
      d: BigInt(access.address),
    });
  });

  it('puts records in order of time', () => {
    const { hooks, events } = recordedVcpu();
    for (const timestamp of [2 ** 50, 2 ** 50 + 7, 2 ** 50 + 3]) hooks.guestExit.call(exit({ timestamp }));
    const times = events()
      .filter(({ id }) => id === TraceEventId.GuestExit)
      .map(({ time }) => time - 2 ** 50);
    expect(times).toEqual([0, 7, 7]);
  });
});
