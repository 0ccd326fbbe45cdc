import type { NetworkDeviceInfo, NetworkFabric, NetworkPort } from '@qvm/core/services';
import { parsePeer } from '../fabric/peer-name.js';
import { joinPorts } from '../port/join-ports.js';
import { createPortPair, openThreadPort, type ThreadPortParts } from './create-port-pair.js';

/**
 * Passes the far end of a cable to the thread that has the networks; `parts.wake` must be in the transfer list.
 *
 * @experimental
 */
export type PlugRequest = (peer: string, device: NetworkDeviceInfo, parts: ThreadPortParts) => void;

/**
 * The networks of another thread, for the VMs of this one. A link comes up when the other thread has connected it. An
 * invalid name of a peer is an error at once; the other thread must report its own refusals.
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
 * Connects the far end of a cable, which another thread has requested, to the networks of this one. That thread is not
 * trusted, because its guest may control it: take `peer` and `device` from the VM's configuration, by the name of the
 * vdev.
 *
 * @returns a function that disconnects; the end of the other thread also disconnects.
 * @throws QvmError the errors of `fabric.connect`, and `network.ring` when the parts are invalid.
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
