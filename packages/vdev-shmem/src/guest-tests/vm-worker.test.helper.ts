import { parentPort, workerData } from 'node:worker_threads';
import { RemoteSharedMemory } from '../channel/remote-shared-memory.js';
import { PortChannel, type PortEnds } from './port-channel.test.helper.js';
import { SmallGuest, type GuestSetup } from './small-guest.test.helper.js';

/** Data of the test for the thread of a VM. */
export interface VmWorkerData {
  readonly ends: PortEnds;
  readonly setup: GuestSetup;
}

// The thread of one VM: runs its guest to the end and posts its log.
if (parentPort !== null) await run(workerData as VmWorkerData);

async function run({ ends, setup }: VmWorkerData): Promise<void> {
  const remote = new RemoteSharedMemory(new PortChannel(ends));
  const guest = await SmallGuest.boot(setup, { memory: remote, registry: remote });
  parentPort?.postMessage({ kind: 'booted' });
  const exit = await guest.vm.run();
  parentPort?.postMessage({ kind: 'ended', exitCode: exit.exitCode, log: guest.numbers });
  ends.calls.close();
  ends.events.close();
}
