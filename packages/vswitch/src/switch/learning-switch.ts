import { formatMac, isGroupMac, MAC_BYTES, macAt } from '@qvm/core/services';
import type { FrameOffload, NetworkCounters, NetworkPort, VlanSet } from '@qvm/core/services';
import type { CaptureSink } from '../capture/capture-sink.js';
import type { QueueBounds } from '../port/frame-queue.js';
import { PortEnd, type Transmission } from '../port/port-end.js';
import { ForwardingTable } from './forwarding-table.js';
import { VlanPolicy, type ClassifiedFrame } from './vlan-policy.js';

const DEFAULT_STATIONS = 4096;
/** The recommended ageing time in milliseconds (802.1Q, table 8-6). */
const DEFAULT_AGEING = 300_000;

/**
 * Options of a switch; all have defaults.
 *
 * @experimental
 */
export interface LearningSwitchOptions {
  /** Largest number of stations that are remembered. Default 4096. */
  readonly stations?: number;
  /** Milliseconds of silence after which a station is removed. Default 300,000. */
  readonly ageing?: number;
  /** A clock in milliseconds. Default `performance.now`. */
  readonly now?: () => number;
}

/**
 * Options of a port of a switch.
 *
 * @experimental
 */
export interface SwitchPortOptions {
  /** Unique in the switch. */
  readonly name: string;
  /** VLAN of untagged frames. Default 1. */
  readonly vlan?: number;
  /** VLANs of tagged frames. Default none: an access port. */
  readonly trunk?: VlanSet;
  /** Limits of the frames that wait for the device. Default 1024 frames, 4 MiB. */
  readonly bounds?: QueueBounds;
  /** Records the frames that the device sends and receives. */
  readonly capture?: CaptureSink;
  /** Called once when the port has been closed. */
  readonly onClose?: () => void;
}

/**
 * A station that a switch knows.
 *
 * @experimental
 */
export interface Station {
  /** VLAN of the station. */
  readonly vlan: number;
  /** `52:54:00:12:34:56` */
  readonly address: string;
  /** Name of the port at which it was seen. */
  readonly port: string;
}

/**
 * Status of one port of a switch.
 *
 * @experimental
 */
export interface SwitchPortStatus {
  /** Name of the port. */
  readonly name: string;
  /** Totals so far. */
  readonly counters: NetworkCounters;
  /** Number of frames that wait for the device. */
  readonly waiting: number;
}

interface Member {
  readonly name: string;
  readonly vlans: VlanPolicy;
  readonly end: PortEnd;
}

/**
 * An Ethernet switch: learns the ports of stations and sends a frame to the port of its destination, or to all ports
 * of the VLAN if the destination is unknown or a group. Loops between switches are impossible, so there is no spanning
 * tree. Portable, and without timers of its own.
 *
 * @experimental
 */
export class LearningSwitch {
  readonly #now: () => number;
  readonly #members = new Set<Member>();
  readonly #table: ForwardingTable<Member>;

  constructor(options: LearningSwitchOptions = {}) {
    this.#now = options.now ?? ((): number => performance.now());
    this.#table = new ForwardingTable(options.stations ?? DEFAULT_STATIONS, options.ageing ?? DEFAULT_AGEING);
  }

  /**
   * Adds a port; closing the port removes it.
   *
   * @throws QvmError `network.vlan`.
   */
  attach({ name, vlan, trunk, bounds, capture, onClose }: SwitchPortOptions): NetworkPort {
    const owner = {
      transmit: (frame: Uint8Array, offload: FrameOffload | undefined) => this.#forward(member, frame, offload),
      closed: () => this.#detach(member),
    };
    const end = new PortEnd(owner, { capture, onClose, ...(bounds === undefined ? {} : { bounds }) });
    const member: Member = { name, vlans: new VlanPolicy(vlan, trunk), end };
    this.#members.add(member);
    return end;
  }

  /** The ports, in the order in which they were added. */
  get ports(): readonly SwitchPortStatus[] {
    return [...this.#members].map(({ name, end }) => ({ name, counters: end.counters, waiting: end.waiting }));
  }

  /** The currently known stations. */
  get stations(): readonly Station[] {
    return [...this.#table.entries(this.#now())].map(({ vlan, address, port }) => ({
      vlan,
      address: formatMac(address),
      port: port.name,
    }));
  }

  #detach(member: Member): void {
    this.#members.delete(member);
    this.#table.forgetPort(member);
  }

  #forward(from: Member, frame: Uint8Array, offload: FrameOffload | undefined): Transmission {
    const classified = from.vlans.classify(frame, offload);
    // A source address is never a group address, so such a frame is forged.
    if (classified === undefined || isGroupMac(frame, MAC_BYTES)) return 'refused';
    const now = this.#now();
    this.#table.learn(classified.vlan, macAt(frame, MAC_BYTES), from, now);
    const to = isGroupMac(frame) ? undefined : this.#table.find(classified.vlan, macAt(frame, 0), now);
    if (to === undefined) return this.#flood(from, classified);
    // The destination is on the segment that the frame came from, and has received it there.
    return to === from || deliver(to, classified) ? 'sent' : 'full';
  }

  #flood(from: Member, classified: ClassifiedFrame): Transmission {
    let complete = true;
    for (const member of this.#members) {
      if (member === from || !member.vlans.has(classified.vlan)) continue;
      complete = deliver(member, classified) && complete;
    }
    return complete ? 'sent' : 'full';
  }
}

function deliver(to: Member, classified: ClassifiedFrame): boolean {
  const { frame, offload } = to.vlans.outgoing(classified);
  return to.end.deliver(frame, offload);
}
