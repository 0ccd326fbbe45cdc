import { formatMac, isGroupMac, MAC_BYTES, macAt } from '@qvm/core/services';
import type { FrameOffload, NetworkCounters, NetworkPort, VlanSet } from '@qvm/core/services';
import type { CaptureSink } from '../capture/capture-sink.js';
import type { QueueBounds } from '../port/frame-queue.js';
import { PortEnd, type Transmission } from '../port/port-end.js';
import { ForwardingTable } from './forwarding-table.js';
import { VlanPolicy, type ClassifiedFrame } from './vlan-policy.js';

const DEFAULT_STATIONS = 4096;
/** The recommended ageing time, milliseconds (802.1Q, table 8-6). */
const DEFAULT_AGEING = 300_000;

/**
 * How a switch behaves; everything has a default.
 *
 * @experimental
 */
export interface LearningSwitchOptions {
  /** Most stations that are remembered. Default 4096. */
  readonly stations?: number;
  /** Milliseconds of silence after which a station is forgotten. Default 300,000. */
  readonly ageing?: number;
  /** A clock, milliseconds; `performance.now` when absent. */
  readonly now?: () => number;
}

/**
 * How a port of a switch is set up.
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
  /** What may wait for the device. Default 1024 frames, 4 MiB. */
  readonly bounds?: QueueBounds;
  /** Records what the device sends and receives. */
  readonly capture?: CaptureSink;
  /** Called once, when the port was closed. */
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
  /** Name of the port that it was seen on. */
  readonly port: string;
}

/**
 * One port as a switch tells of it.
 *
 * @experimental
 */
export interface SwitchPortStatus {
  /** Name of the port. */
  readonly name: string;
  /** What passed so far. */
  readonly counters: NetworkCounters;
  /** Frames that wait for the device. */
  readonly waiting: number;
}

interface Member {
  readonly name: string;
  readonly vlans: VlanPolicy;
  readonly end: PortEnd;
}

/**
 * An Ethernet switch: learns where stations are, sends a frame there, and to all ports of the VLAN when it does not know or
 * all are meant. Knows no loops between switches, so it needs no spanning tree. Portable, and without timers of its own.
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
   * Adds a port; closing it takes it away.
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

  /** The stations known now. */
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
    // A station's own address is never a group's: such a frame is forged.
    if (classified === undefined || isGroupMac(frame, MAC_BYTES)) return 'refused';
    const now = this.#now();
    this.#table.learn(classified.vlan, macAt(frame, MAC_BYTES), from, now);
    const to = isGroupMac(frame) ? undefined : this.#table.find(classified.vlan, macAt(frame, 0), now);
    if (to === undefined) return this.#flood(from, classified);
    // The station is on the segment that the frame came from, and has seen it there.
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
