import { requireObject, requireUnsignedArray, VdevStateError } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import { formatMac, isGroupMac, MAC_BYTES, macAt } from '@qvm/core/services';
import type { FrameOffload, NetworkPort, OffloadSet } from '@qvm/core/services';
import { readConfigSpace } from '../device/config-space.js';
import type { VirtioContext, VirtioDevice, Virtqueue } from '../device/virtio-device.js';
import { CONFIG_BYTES, configSpace } from './config-space.js';
import {
  ACK_ERR,
  ACK_OK,
  CONTROL_QUEUE,
  CONTROL_QUEUE_SIZE,
  F_CSUM,
  F_CTRL_MAC_ADDR,
  F_CTRL_RX,
  F_CTRL_RX_EXTRA,
  F_CTRL_VLAN,
  F_CTRL_VQ,
  F_GUEST_CSUM,
  F_GUEST_ECN,
  F_GUEST_TSO4,
  F_GUEST_TSO6,
  F_HOST_ECN,
  F_HOST_TSO4,
  F_HOST_TSO6,
  F_MAC,
  F_MRG_RXBUF,
  F_MTU,
  F_STATUS,
  RECEIVE_QUEUE,
  TRANSMIT_QUEUE,
} from './constants.js';
import { runCommand } from './control-commands.js';
import { FrameReceiver } from './frame-receiver.js';
import { FrameSender } from './frame-sender.js';
import { defaultMac } from './default-mac.js';
import { connectPeer, type NetOptions } from './options.js';
import { decodeFilter, ReceiveFilter } from './receive-filter.js';
import { Transmitter } from './transmitter.js';

const OFFERED =
  F_CSUM |
  F_GUEST_CSUM |
  F_MAC |
  F_GUEST_TSO4 |
  F_GUEST_TSO6 |
  F_GUEST_ECN |
  F_HOST_TSO4 |
  F_HOST_TSO6 |
  F_HOST_ECN |
  F_MRG_RXBUF |
  F_STATUS |
  F_CTRL_VQ |
  F_CTRL_RX |
  F_CTRL_VLAN |
  F_CTRL_RX_EXTRA |
  F_CTRL_MAC_ADDR;

/** Size of an Ethernet header with a VLAN tag: the difference between frame and packet. */
const LINK_BYTES = 18;

/**
 * The network device (VirtIO 1.2, section 5.1). Arriving frames wait in the network's port until the VM takes them in
 * a posted task, between two instructions; if the driver has no buffers, they also wait there, up to the port's
 * limits.
 */
export class NetDevice implements VirtioDevice {
  readonly features: bigint;
  readonly configSize = CONFIG_BYTES;
  readonly #context: VirtioContext;
  readonly #port: NetworkPort | undefined;
  readonly #peer: string | undefined;
  readonly #ownMac: Uint8Array;
  readonly #mtu: number | undefined;
  readonly #filter = new ReceiveFilter();
  readonly #receiver: FrameReceiver;
  readonly #sender: FrameSender;
  readonly #transmitter: Transmitter;
  #mac: Uint8Array;
  /** Negotiated features; `undefined` while the driver has not started the device. */
  #negotiated: bigint | undefined;
  /** Whether the posted task is running, so that frames can be written to guest RAM. */
  #draining = false;
  #arrivalPosted = false;
  readonly #dropped = { noDriver: 0, filtered: 0, tooLarge: 0 };

  constructor(context: VirtioContext, options: NetOptions) {
    this.#context = context;
    this.#ownMac = options.mac ?? defaultMac(context.vdev.vm, context.vdev.name);
    this.#mac = this.#ownMac;
    this.#mtu = options.mtu;
    this.features = OFFERED | (this.#mtu === undefined ? 0n : F_MTU);
    this.#peer = options.peer;
    this.#port = connectPeer(options, context.vdev, this.#ownMac);
    this.#receiver = new FrameReceiver(this.#queue(RECEIVE_QUEUE));
    this.#sender = new FrameSender(this.#queue(TRANSMIT_QUEUE), this.#port);
    this.#transmitter = new Transmitter({
      vdev: context.vdev,
      queue: this.#queue(TRANSMIT_QUEUE),
      sender: this.#sender,
      features: () => this.#negotiated,
    });
    this.#port?.onReceive((frame, offload) => this.#arrived(frame, offload));
    this.#port?.onLinkChange(() => context.vdev.post(() => context.configChanged()));
  }

  readConfig(offset: number, width: 1 | 2 | 4): number {
    return readConfigSpace(configSpace(this.#mac, this.#linkUp, this.#mtu), offset, width);
  }

  /** Legacy drivers write the station's address here, byte by byte (section 5.1.4.3); others use CTRL_MAC_ADDR. */
  writeConfig(offset: number, width: 1 | 2 | 4, value: number): void {
    if (!this.#context.legacy) return;
    const mac = this.#mac.slice();
    for (let at = offset; at < Math.min(offset + width, MAC_BYTES); at++) mac[at] = value >>> (8 * (at - offset));
    // As with CTRL_MAC_ADDR, a group address cannot be a station's.
    if (!isGroupMac(mac)) this.#mac = mac;
  }

  start(features: bigint): void {
    this.#negotiated = features;
    this.#port?.acceptOffloads(offloadsOf(features));
    // Arriving frames make the device check the receive queue; kicks are only needed when the driver ran out of
    // buffers.
    this.#queue(RECEIVE_QUEUE).wantKicks(false);
  }

  kicked(queue: number): void {
    if (queue === RECEIVE_QUEUE) this.#refilled();
    else if (queue === TRANSMIT_QUEUE) this.#transmitter.kicked();
    else this.#control();
  }

  reset(): void {
    this.#negotiated = undefined;
    this.#mac = this.#ownMac;
    this.#filter.reset();
    // Waiting frames were for the previous driver.
    this.#drain();
  }

  save(): Json {
    return { mac: [...this.#mac], filter: this.#filter.save() };
  }

  restore(state: Json): void {
    const saved = requireObject(state, ['mac', 'filter'], 'virtio-net state');
    const mac = Uint8Array.from(requireUnsignedArray(saved.mac, MAC_BYTES, 0xff, 'mac'));
    if (mac.length !== MAC_BYTES || isGroupMac(mac)) throw new VdevStateError('mac is not the address of one station');
    const filter = decodeFilter(saved.filter);
    this.#negotiated = undefined;
    this.#mac = mac;
    this.#filter.load(filter);
  }

  status(): Readonly<Record<string, Json>> {
    return {
      mac: formatMac(this.#mac),
      peer: this.#peer ?? null,
      link: this.#linkUp,
      counters: this.#port === undefined ? null : countersOf(this.#port),
      dropped: { ...this.#dropped, malformed: this.#sender.malformed },
    };
  }

  dispose(): void {
    this.#port?.close();
  }

  get #linkUp(): boolean {
    return this.#port?.linkUp ?? false;
  }

  #queue(index: number): Virtqueue {
    const queue = this.#context.queues[index];
    if (queue === undefined) throw new RangeError(`no queue ${index}`);
    return queue;
  }

  /** Called when a frame arrives at the port, possibly while this or another VM is running. */
  #arrived(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
    if (this.#negotiated === undefined) {
      this.#dropped.noDriver++;
      return true;
    }
    if (this.#draining) return this.#receive(frame, offload, this.#negotiated);
    this.#postArrival();
    return false;
  }

  #postArrival(): void {
    if (this.#arrivalPosted) return;
    this.#arrivalPosted = true;
    this.#context.vdev.post(() => {
      this.#arrivalPosted = false;
      this.#drain();
    });
  }

  /** Lets the port deliver all waiting frames, with one interrupt for all of them. */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      this.#port?.resume();
    } finally {
      this.#draining = false;
    }
    this.#queue(RECEIVE_QUEUE).notify();
  }

  #refilled(): void {
    if (this.#negotiated === undefined) return;
    this.#queue(RECEIVE_QUEUE).wantKicks(false);
    this.#drain();
  }

  /** Returns whether the frame has been handled. */
  #receive(frame: Uint8Array, offload: FrameOffload | undefined, features: bigint): boolean {
    if (!this.#filter.accepts(frame, macAt(this.#mac, 0), has(features, F_CTRL_VLAN))) {
      this.#dropped.filtered++;
      return true;
    }
    const outcome = this.#exceedsMtu(frame, offload, features) ? 'too large' : this.#offer(frame, offload, features);
    if (outcome === 'too large') this.#dropped.tooLarge++;
    return outcome !== 'starved';
  }

  /**
   * Section 5.1.4.1: a driver that has accepted the MTU gets no larger frames, except for those that it segments
   * itself.
   */
  #exceedsMtu(frame: Uint8Array, offload: FrameOffload | undefined, features: bigint): boolean {
    if (this.#mtu === undefined || !has(features, F_MTU)) return false;
    return (offload?.segmentation ?? 'none') === 'none' && frame.length > this.#mtu + LINK_BYTES;
  }

  #offer(frame: Uint8Array, offload: FrameOffload | undefined, features: bigint): ReturnType<FrameReceiver['receive']> {
    const queue = this.#queue(RECEIVE_QUEUE);
    const outcome = this.#receiver.receive(frame, offload, features);
    if (outcome !== 'starved') return outcome;
    // Buffers that were added before the driver saw the request for kicks cause none.
    queue.wantKicks(true);
    return this.#receiver.receive(frame, offload, features);
  }

  #control(): void {
    const queue = this.#queue(CONTROL_QUEUE);
    for (let count = 0; count < CONTROL_QUEUE_SIZE; count++) {
      const buffer = queue.pop();
      if (buffer === undefined) break;
      const target = { filter: this.#filter, setMac: (mac: Uint8Array) => (this.#mac = mac) };
      const done = this.#negotiated !== undefined && runCommand(buffer, this.#negotiated, target);
      queue.push(buffer, buffer.write(0, Uint8Array.of(done ? ACK_OK : ACK_ERR)));
    }
    queue.notify();
  }
}

function has(features: bigint, bit: bigint): boolean {
  return (features & bit) !== 0n;
}

function offloadsOf(features: bigint): OffloadSet {
  return {
    checksum: has(features, F_GUEST_CSUM),
    tcp4: has(features, F_GUEST_TSO4),
    tcp6: has(features, F_GUEST_TSO6),
    ecn: has(features, F_GUEST_ECN),
  };
}

function countersOf({ counters }: NetworkPort): Json {
  const { sentFrames, sentBytes, sendDrops, receivedFrames, receivedBytes, receiveDrops } = counters;
  return { sentFrames, sentBytes, sendDrops, receivedFrames, receivedBytes, receiveDrops };
}
