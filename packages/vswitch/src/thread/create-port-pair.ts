import { allocateRings, ringsIn } from './ring-layout.js';
import { ThreadPort, type ThreadNetworkPort } from './thread-port.js';

const DEFAULT_CAPACITY = 4 << 20;

/**
 * The parts with which another thread opens its end of a cable: `postMessage(parts, [parts.wake])`.
 *
 * @experimental
 */
export interface ThreadPortParts {
  /** The frames' rings, one for each direction. */
  readonly rings: SharedArrayBuffer;
  /** Wakes the other side. */
  readonly wake: MessagePort;
}

/**
 * A cable between two threads.
 *
 * @experimental
 */
export interface PortPair {
  /** The end for the thread that made the pair. */
  readonly near: ThreadNetworkPort;
  /** The parts for {@link openThreadPort}, in another thread or in this one. */
  readonly far: ThreadPortParts;
}

/**
 * Makes a cable to another thread: two rings in shared memory. The link is up once the far end is open.
 *
 * @param capacity - size of each ring in bytes, a power of two from 256 KiB to 1 GiB. Default 4 MiB.
 * @throws QvmError `network.ring` for another capacity.
 * @experimental
 */
export function createPortPair(capacity = DEFAULT_CAPACITY): PortPair {
  const rings = allocateRings(capacity);
  const { port1, port2 } = new MessageChannel();
  const [outgoing, incoming] = ringsIn(rings);
  const near = new ThreadPort(outgoing, incoming, port1);
  near.announceLink(true);
  return { near, far: { rings, wake: port2 } };
}

/**
 * Opens the far end of a cable.
 *
 * @throws QvmError `network.ring` when the memory is not that of a cable.
 * @experimental
 */
export function openThreadPort({ rings, wake }: ThreadPortParts): ThreadNetworkPort {
  const [incoming, outgoing] = ringsIn(rings);
  const port = new ThreadPort(outgoing, incoming, wake);
  port.announceLink(true);
  return port;
}
