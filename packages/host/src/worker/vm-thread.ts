import { parentPort, workerData } from 'node:worker_threads';
import { toWireError } from '../errors/wire-error.js';
import { hostServicesPlugin } from '../services/host-services-plugin.js';
import { ServiceLink } from '../services/service-link.js';
import type { ServiceLinkParts } from '../services/service-messages.js';
import type { FromVmThread, ToVmThread } from './messages.js';
import { VmSession } from './vm-session.js';

/** The entry of a VM's thread: receives commands from the main thread, and sends answers and events to it. */

const port = parentPort;
if (port === null) throw new Error('vm-thread runs in a worker thread only');

const send = (message: FromVmThread): void => port.postMessage(message);
const services = hostServicesPlugin(new ServiceLink(workerData as ServiceLinkParts));
const session = new VmSession(send, [services]);

port.on('message', (message: ToVmThread) => {
  if ('taken' in message) {
    session.taken(message.stream, message.taken);
    return;
  }
  const { id, command, params } = message;
  void session.obey(command, params).then(
    (result) => send({ id, result }),
    (error: unknown) => send({ id, error: toWireError(error) }),
  );
});
