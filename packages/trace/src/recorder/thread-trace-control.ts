import { QvmError, type Disposable } from '@qvm/core';
import type { TraceControl, TraceOutput, TraceStartOptions } from './trace-control.js';
import { TraceRecorder } from './trace-recorder.js';
import type { TraceableVm } from './traceable-vm.js';

/** Records that one read gives: about 300 KB of a file. */
const READ_RECORDS = 0x8000;

/** Records of the ring: 23 MB, for a reader that is a process of its own. */
const DEFAULT_CAPACITY = 0x8_0000;

interface Recording {
  readonly recorder: TraceRecorder;
  /** Empty if it was stopped. */
  attached: readonly Disposable[];
  running: boolean;
}

/**
 * Records the VMs of this thread.
 *
 * @param cpu - number of the thread.
 * @param vms - returns the VMs that exist when recording starts.
 * @experimental
 */
export function threadTraceControl(cpu: number, vms: () => Iterable<TraceableVm>): TraceControl {
  let recording: Recording | undefined;
  const present = (): Recording => {
    if (recording === undefined) throw new QvmError('trace.not-running', 'No trace is being recorded.');
    return recording;
  };
  return {
    start: async ({ vms: names, ...options }: TraceStartOptions = {}): Promise<void> => {
      if (recording?.running === true) throw new QvmError('trace.running', 'A trace is being recorded already.');
      const recorder = new TraceRecorder({ cpu, capacity: DEFAULT_CAPACITY, ...options });
      const chosen = [...vms()].filter(({ name }) => names === undefined || names.includes(name));
      recording = { recorder, attached: chosen.map((vm) => recorder.attach(vm)), running: true };
    },
    read: async (): Promise<TraceOutput> => {
      const { recorder, running } = present();
      const chunks = recorder.drain(READ_RECORDS);
      const more = running || recorder.fill > 0;
      if (!more) recording = undefined;
      return { chunks, running: more };
    },
    stop: async (): Promise<void> => {
      const stopped = present();
      for (const tap of stopped.attached) tap.dispose();
      stopped.attached = [];
      stopped.running = false;
    },
  };
}
