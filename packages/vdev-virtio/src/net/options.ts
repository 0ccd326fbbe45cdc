import { defineOptions, option, textKind, type OptionsOf } from '@qvm/core/options';
import { NETWORK_FABRIC, type NetworkPort } from '@qvm/core/services';
import type { VdevContext } from '@qvm/core/vdev';
import { formatVlanList, parseVlanList } from './vlan-list.js';

/** Any text: the network refuses what it does not know. The name of the kind is what completion knows it by. */
const peerKind = textKind(
  'peer',
  (text) => text,
  (peer) => peer,
);

/** Options of the device, beyond those of its transport. */
export const NET_OPTIONS = defineOptions({
  peer: option.of(peerKind, {
    description: 'A switch (vswitch0), another device (VM/VDEV) or tap:NAME; without it the link is down',
  }),
  mac: option.mac({ description: 'Address of the station; made from the names of VM and vdev when absent' }),
  vlan: option.number({ min: 1, max: 4094, description: 'VLAN of untagged frames at the switch' }),
  trunk: option.of(textKind('vlans', parseVlanList, formatVlanList), {
    description: 'VLANs of tagged frames at the switch: all, or such as 10+20+100-199',
  }),
  mtu: option.number({ min: 68, max: 65535, description: 'Largest IP packet, for the driver to use' }),
  capture: option.path({ description: 'File (pcapng) for what the device sends and receives' }),
});

/** Values of the options. */
export type NetOptions = OptionsOf<typeof NET_OPTIONS>;

/**
 * Connects the device; `undefined` without `peer`.
 *
 * @throws QvmError `vdev.attachment-missing` when the host has no networks, and the errors of `NetworkFabric.connect`.
 */
export function connectPeer(
  { peer, vlan, trunk, capture }: NetOptions,
  context: VdevContext,
  mac: Uint8Array,
): NetworkPort | undefined {
  if (peer === undefined) return undefined;
  return context.attachment(NETWORK_FABRIC).connect(peer, {
    vm: context.vm,
    vdev: context.name,
    mac,
    ...(vlan === undefined ? {} : { vlan }),
    ...(trunk === undefined ? {} : { trunk }),
    ...(capture === undefined ? {} : { capture }),
  });
}
