import { ALL_OFFLOADS, type NetworkPort } from '@qvm/core/services';

/**
 * Connects two ports that each end at this thread, so that what leaves one enters the other: a switch and a TAP device, or
 * the near end of another thread's port. What one cannot take is dropped there.
 *
 * @returns closes both.
 * @experimental
 */
export function joinPorts(one: NetworkPort, other: NetworkPort): () => void {
  pass(one, other);
  pass(other, one);
  return () => {
    one.close();
    other.close();
  };
}

function pass(from: NetworkPort, to: NetworkPort): void {
  // The far side says what it can do; the port that leads there does the rest.
  from.acceptOffloads(ALL_OFFLOADS);
  from.onReceive((frame, offload) => {
    to.send(frame, offload);
    return true;
  });
}
