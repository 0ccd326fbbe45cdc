import { QvmError } from '@qvm/core';
import { type FrameOffload, type NetworkPort } from '@qvm/core/services';
import { PortEnd, type PortOptions, type Transmission } from '../port/port-end.js';

/** Cables between two devices: each names the other as its peer, and the link is up while both are connected. */
export class Cables {
  /** The connected devices by path, with their peers. */
  readonly #ends = new Map<string, { readonly peer: string; readonly end: PortEnd }>();

  /**
   * @param own - path of the device that connects (`vm/vdev`).
   * @param peer - path of its peer.
   * @throws QvmError `network.unknown-peer` for a cable to itself, `network.peer-taken` when another device waits for
   * the same peer, or the peer has named another.
   */
  connect(own: string, peer: string, options: Pick<PortOptions, 'capture' | 'onClose'>): NetworkPort {
    if (own === peer) throw new QvmError('network.unknown-peer', `${own} names itself as its peer.`);
    this.#requireFree(own, peer);
    const other = this.#ends.get(peer);
    const end = new PortEnd(
      {
        transmit: (frame, offload) => this.#transmit(own, frame, offload),
        closed: () => this.#unplug(own),
      },
      { ...options, linkUp: other !== undefined },
    );
    this.#ends.set(own, { peer, end });
    other?.end.setLink(true);
    return end;
  }

  #requireFree(own: string, peer: string): void {
    const wanted = this.#ends.get(peer)?.peer;
    if (wanted !== undefined && wanted !== own) {
      throw new QvmError('network.peer-taken', `${own} wants a cable to ${peer}, which has one to ${wanted}.`);
    }
    for (const [path, { peer: also }] of this.#ends) {
      if (also !== peer) continue;
      throw new QvmError('network.peer-taken', `${own} wants a cable to ${peer}, and so does ${path}.`);
    }
  }

  #transmit(own: string, frame: Uint8Array, offload: FrameOffload | undefined): Transmission {
    const other = this.#otherEnd(own);
    if (other === undefined) return 'refused';
    return other.deliver(frame, offload) ? 'sent' : 'full';
  }

  #unplug(own: string): void {
    this.#otherEnd(own)?.setLink(false);
    this.#ends.delete(own);
  }

  #otherEnd(own: string): PortEnd | undefined {
    const peer = this.#ends.get(own)?.peer;
    return peer === undefined ? undefined : this.#ends.get(peer)?.end;
  }
}
