import { QvmError } from '@qvm/core';
import { type FrameOffload, type VlanSet } from '@qvm/core/services';
import { isTagged, TAG_SHIFT, tagOf, withoutTag, withTag } from '../frame/ethernet.js';

const DEFAULT_VLAN = 1;
/** Highest valid VLAN: 0 is "no VLAN", 4095 is reserved (802.1Q, 9.6). */
const LAST_VLAN = 4094;
const VLAN_MASK = 0xfff;

/** A frame inside of a switch: untagged, with its VLAN as a separate field. */
export interface ClassifiedFrame {
  readonly vlan: number;
  /** Priority and drop eligibility, in their positions in a tag. */
  readonly priority: number;
  readonly frame: Uint8Array;
  readonly offload: FrameOffload | undefined;
  /** The frame as received, if it had a tag: it leaves through trunks without being copied. */
  readonly tagged?: { readonly frame: Uint8Array; readonly offload: FrameOffload | undefined };
}

/** A frame in the form in which it leaves a port. */
export interface OutgoingFrame {
  readonly frame: Uint8Array;
  readonly offload: FrameOffload | undefined;
}

/**
 * The VLANs of a port. Untagged frames belong to one VLAN; tagged frames are accepted on trunks only, in the trunk's
 * VLANs.
 */
export class VlanPolicy {
  /** VLAN of untagged frames. */
  readonly untagged: number;
  readonly #tagged: ReadonlySet<number> | 'all';

  /** @throws QvmError `network.vlan` for an invalid VLAN. */
  constructor(untagged = DEFAULT_VLAN, trunk: VlanSet = []) {
    for (const vlan of [untagged, ...(trunk === 'all' ? [] : trunk)]) requireVlan(vlan);
    this.untagged = untagged;
    this.#tagged = trunk === 'all' ? trunk : new Set(trunk);
  }

  /** Whether frames of a VLAN leave through this port. */
  has(vlan: number): boolean {
    return vlan === this.untagged || this.#hasTagged(vlan);
  }

  /** Determines a frame's VLAN; `undefined` if the port does not accept the frame. */
  classify(frame: Uint8Array, offload: FrameOffload | undefined): ClassifiedFrame | undefined {
    if (!isTagged(frame)) return { vlan: this.untagged, priority: 0, frame, offload };
    const tag = tagOf(frame);
    const vlan = tag & VLAN_MASK;
    // VLAN 0 carries a priority only: the frame counts as untagged (802.1Q, 6.9).
    if (vlan !== 0 && !this.#hasTagged(vlan)) return undefined;
    return {
      vlan: vlan === 0 ? this.untagged : vlan,
      priority: tag & ~VLAN_MASK,
      frame: withoutTag(frame),
      offload: shifted(offload, -TAG_SHIFT),
      ...(vlan === 0 ? {} : { tagged: { frame, offload } }),
    };
  }

  /** Converts a frame to the form in which it leaves the port. */
  outgoing(classified: ClassifiedFrame): OutgoingFrame {
    const { vlan, priority, frame, offload, tagged } = classified;
    if (vlan === this.untagged) return classified;
    return tagged ?? { frame: withTag(frame, priority | vlan), offload: shifted(offload, TAG_SHIFT) };
  }

  #hasTagged(vlan: number): boolean {
    return vlan <= LAST_VLAN && (this.#tagged === 'all' || this.#tagged.has(vlan));
  }
}

function requireVlan(vlan: number): void {
  if (Number.isInteger(vlan) && vlan >= 1 && vlan <= LAST_VLAN) return;
  throw new QvmError('network.vlan', `${vlan} is no VLAN; they have numbers from 1 to ${LAST_VLAN}.`);
}

function shifted(offload: FrameOffload | undefined, by: number): FrameOffload | undefined {
  return offload === undefined ? undefined : { ...offload, checksumStart: offload.checksumStart + by };
}
