// Networks between VMs, ports and threads in a browser.
import { Failure } from '../scripts/lib/failure.mjs';
import { resultOf } from './result.mjs';
import { pageOf, serve } from './serve.mjs';

const EXPECTED = {
  vms: { plugged: ['first/net', 'second/net'], left: 0 },
  page: {
    sent: true,
    question: '1: ping',
    answer: '2: pong',
    stations: ['02:00:00:00:00:01 one', '02:00:00:00:00:02 other'],
  },
  worker: { question: '9: ping', answer: '3: pong' },
  byDefault: true,
};

/** Builds networks in a page, and compares what it saw. */
export async function checkNetwork(command) {
  // Imported late: before the build there may be no node_modules.
  const { bundle } = await import('./bundle.mjs');
  const scripts = await bundle('network-page.mjs', 'network-worker.mjs');
  const result = await resultOf(command, await serve(scripts, { page: pageOf('network-page.js') }));
  const [seen, expected] = [result, EXPECTED].map((value) => JSON.stringify(value, undefined, 2));
  if (seen !== expected) throw new Failure(`The page saw\n${result.error ?? seen}\ninstead of\n${expected}`);
}
