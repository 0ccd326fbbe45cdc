import { parentPort, workerData } from 'node:worker_threads';
import { QvmError } from '@qvm/core';
import { ServiceLink } from './service-link.js';
import type { ServiceLinkParts } from './service-messages.js';

/** Calls a service named "test", and reports the result. */

const channel = new ServiceLink(workerData as ServiceLinkParts, 500).channel('test');
// An open port keeps the thread alive until its event has arrived.
const waiting = setInterval(() => undefined, 1_000);
let answers: readonly unknown[] = [];
channel.onEvent((event) => {
  clearInterval(waiting);
  parentPort?.postMessage({ answers, event });
});
try {
  const first = channel.call('first');
  channel.note('note');
  answers = [first, channel.call('second'), channel.call('event')];
} catch (error) {
  parentPort?.postMessage({ error: error instanceof QvmError ? error.code : String(error) });
}
