import type { LintTarget } from './lint-rule.js';
import { type PlacedText, optionOf, vdevsOf } from './vdevs.js';

/** Peer of a network device. */
export interface Peer extends PlacedText {
  readonly owner: string;
  /** The device's name for peers, `VM/VDEV`; `undefined` if it has no name. */
  readonly self: string | undefined;
  /** `VM/VDEV` of the device at the other end of a direct cable, or the name of a switch. */
  readonly target: { readonly kind: 'device' | 'switch'; readonly name: string } | undefined;
}

/** The peers of all network devices. */
export function peersOf(target: LintTarget): Peer[] {
  return vdevsOf(target).flatMap(({ owner, vdev }) => {
    const peer = optionOf(vdev, 'peer');
    if (peer === undefined) return [];
    const name = optionOf(vdev, 'name')?.value;
    const self = name === undefined ? undefined : devicePath(name.includes('/') ? name : `${owner}/${name}`);
    return [{ ...peer, owner, self, target: targetOf(peer.value) }];
  });
}

/** Converts `/dev/qvm/VM/VDEV`, QNX' notation, to `VM/VDEV`. */
const devicePath = (path: string): string => path.replace(/^\/dev\/qvm\//, '');

function targetOf(peer: string): Peer['target'] {
  // A peer with a scheme such as tap: or user: is not in the host's network of VMs.
  if (peer.includes(':')) return undefined;
  const name = devicePath(peer);
  if (/^[^/]+\/[^/]+$/.test(name)) return { kind: 'device', name };
  return name.includes('/') ? undefined : { kind: 'switch', name };
}
