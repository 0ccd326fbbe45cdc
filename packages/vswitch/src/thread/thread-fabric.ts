import type { NetworkDeviceInfo, NetworkFabric, NetworkPort } from '@qvm/core/services';
import { parsePeer } from '../fabric/peer-name.js';
import { joinPorts } from '../port/join-ports.js';
import { createPortPair, openThreadPort, type ThreadPortParts } from './create-port-pair.js';

/**
 * Hands the far end of a cable to the thread that has the networks, with `parts.wake` in the list of what is transferred.
 *
 * @experimental
 */
export type PlugRequest = (peer: string, device: NetworkDeviceInfo, parts: ThreadPortParts) => void;

/**
 * The networks of another thread, for the VMs of this one. Links come up when the other thread has plugged them in; what is
 * wrong with a peer's name shows at once, what the other thread refuses is its to report.
 *
 * @experimental
 */
export class ThreadFabric implements NetworkFabric {
  readonly #request: PlugRequest;

  constructor(request: PlugRequest) {
    this.#request = request;
  }

  connect(peer: string, device: NetworkDeviceInfo): NetworkPort {
    parsePeer(peer);
    const { near, far } = createPortPair();
    this.#request(peer, device, far);
    return near;
  }
}

/**
 * Plugs the far end of a cable, as another thread asked for it, into the networks of this one. A thread that may have fallen
 * to its guest decides nothing: take `peer` and `device` from the VM's configuration, by the name of the vdev.
 *
 * @returns pulls the plug; also done when the other thread ends.
 * @throws QvmError what `fabric.connect` throws, and `network.ring` when the parts are none.
 * @experimental
 */
export function plugThreadPort(
  fabric: NetworkFabric,
  peer: string,
  device: NetworkDeviceInfo,
  parts: ThreadPortParts,
): () => void {
  const cable = openThreadPort(parts);
  const port = connectOrClose(fabric, peer, device, cable);
  const unplug = joinPorts(cable, port);
  const tellLink = (): void => cable.announceLink(port.linkUp);
  tellLink();
  port.onLinkChange(tellLink);
  cable.onLinkChange(() => {
    if (!cable.linkUp) unplug();
  });
  return unplug;
}

function connectOrClose(
  fabric: NetworkFabric,
  peer: string,
  device: NetworkDeviceInfo,
  cable: NetworkPort,
): NetworkPort {
  try {
    return fabric.connect(peer, device);
  } catch (error) {
    cable.close();
    throw error;
  }
}
