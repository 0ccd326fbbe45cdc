import { parentPort, workerData } from 'node:worker_threads';
import { openThreadPort, type ThreadPortParts } from './create-port-pair.js';

/** The other thread of the tests: sends received frames back, and sends as many frames as possible on request. */

const port = openThreadPort(workerData as ThreadPortParts);

port.onReceive((frame, offload) => {
  // If the return ring is full, the frame stays in the queue until there is room.
  if (port.send(frame, offload)) return true;
  setImmediate(() => port.resume());
  return false;
});

parentPort?.postMessage('ready');
