import { NO_OFFLOADS } from '@qvm/core/services';
import type {
  FrameListener,
  FrameOffload,
  NetworkCounters,
  NetworkDeviceInfo,
  NetworkFabric,
  NetworkPort,
  OffloadSet,
} from '@qvm/core/services';

/** A frame that passes through a port, in either direction. */
export interface PassedFrame {
  readonly frame: Uint8Array;
  readonly offload: FrameOffload | undefined;
}

/** A port whose other end is controlled by the test. */
export class FakePort implements NetworkPort {
  readonly sent: PassedFrame[] = [];
  readonly waiting: PassedFrame[] = [];
  readonly counters: NetworkCounters = {
    sentFrames: 0,
    sentBytes: 0,
    sendDrops: 0,
    receivedFrames: 0,
    receivedBytes: 0,
    receiveDrops: 0,
  };
  linkUp = true;
  closed = false;
  accepted: OffloadSet = NO_OFFLOADS;
  #listener: FrameListener | undefined;
  #linkListener: (() => void) | undefined;

  send(frame: Uint8Array, offload?: FrameOffload): boolean {
    this.sent.push({ frame: frame.slice(), offload });
    return true;
  }

  onReceive(listener: FrameListener | undefined): void {
    this.#listener = listener;
  }

  resume(): void {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      if (this.#listener?.(next.frame, next.offload) !== true) return;
      this.waiting.shift();
    }
  }

  acceptOffloads(accepted: OffloadSet): void {
    this.accepted = accepted;
  }

  onLinkChange(listener: (() => void) | undefined): void {
    this.#linkListener = listener;
  }

  close(): void {
    this.closed = true;
  }

  /** Delivers a frame to the device. */
  deliver(frame: Uint8Array, offload?: FrameOffload): void {
    const direct = this.waiting.length === 0 && this.#listener?.(frame, offload) === true;
    if (!direct) this.waiting.push({ frame, offload });
  }

  setLink(up: boolean): void {
    this.linkUp = up;
    this.#linkListener?.();
  }
}

/** A network with one port, which records the device that connects. */
export class FakeFabric implements NetworkFabric {
  readonly port = new FakePort();
  readonly requests: { readonly peer: string; readonly device: NetworkDeviceInfo }[] = [];

  connect(peer: string, device: NetworkDeviceInfo): NetworkPort {
    this.requests.push({ peer, device });
    return this.port;
  }
}
