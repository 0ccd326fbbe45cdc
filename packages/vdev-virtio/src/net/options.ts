import { QvmError } from '@qvm/core';
import { isStationMac, NETWORK_FABRIC, parseMac, type NetworkPort } from '@qvm/core/services';
import { type OptionSpec, type OptionValues, type VdevContext } from '@qvm/core/vdev';
import { defaultMac } from './default-mac.js';
import { parseVlanList } from './vlan-list.js';

/** Options of the device, beyond those of its transport. */
export const NET_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'peer',
    kind: 'string',
    description: 'A switch (vswitch0), another device (VM/VDEV) or tap:NAME; without it the link is down',
  },
  { name: 'mac', kind: 'mac', description: 'Address of the station; made from the names of VM and vdev when absent' },
  { name: 'vlan', kind: 'number', min: 1, max: 4094, description: 'VLAN of untagged frames at the switch' },
  { name: 'trunk', kind: 'string', description: 'VLANs of tagged frames at the switch: all, or such as 10+20+100-199' },
  { name: 'mtu', kind: 'number', min: 68, max: 65535, description: 'Largest IP packet, for the driver to use' },
  { name: 'capture', kind: 'path', description: 'File (pcapng) for what the device sends and receives' },
];

/**
 * The address of a device: that of the option, or one that its name gives.
 *
 * @throws QvmError `network.address` for what is no address of one station.
 */
export function macOf({ mac: text }: OptionValues, { vm, name }: VdevContext): Uint8Array {
  if (typeof text !== 'string') return defaultMac(vm, name);
  const mac = parseMac(text);
  if (mac !== undefined && isStationMac(mac)) return mac;
  throw new QvmError('network.address', `${text} is not the address of one station.`);
}

/**
 * Plugs the device in; `undefined` without `peer`.
 *
 * @throws QvmError `vdev.attachment-missing` when the host has no networks, and what `NetworkFabric.connect` throws.
 */
export function connectPeer(options: OptionValues, context: VdevContext, mac: Uint8Array): NetworkPort | undefined {
  const { peer, vlan, trunk, capture } = options;
  if (typeof peer !== 'string') return undefined;
  return context.attachment(NETWORK_FABRIC).connect(peer, {
    vm: context.vm,
    vdev: context.name,
    mac,
    ...(typeof vlan === 'number' ? { vlan } : {}),
    ...(typeof trunk === 'string' ? { trunk: parseVlanList(trunk) } : {}),
    ...(typeof capture === 'string' ? { capture } : {}),
  });
}
