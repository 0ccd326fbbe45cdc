import { parentPort, workerData } from 'node:worker_threads';
import { openThreadPort, type ThreadPortParts } from './create-port-pair.js';

/* The other thread of the tests: sends back what it gets, and as many frames as it can when told to. */

const port = openThreadPort(workerData as ThreadPortParts);

port.onReceive((frame, offload) => {
  // Without room in the ring back, the frame stays where it is until there is some.
  if (port.send(frame, offload)) return true;
  setImmediate(() => port.resume());
  return false;
});

parentPort?.postMessage('ready');
