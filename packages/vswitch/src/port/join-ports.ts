import { ALL_OFFLOADS, type NetworkPort } from '@qvm/core/services';

/**
 * Connects two ports whose near ends are on this thread, so that frames leaving one enter the other: a switch and a
 * TAP device, or the near end of another thread's port. Frames that one cannot accept are dropped.
 *
 * @returns a function that closes both.
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
  // The far side declares its offloads; the port that leads there performs the others.
  from.acceptOffloads(ALL_OFFLOADS);
  from.onReceive((frame, offload) => {
    to.send(frame, offload);
    return true;
  });
}
