import { existsSync, readdirSync } from 'node:fs';
import type { ControlClient } from '@qvm/host';
import type { LineFacts } from './line-facts.js';
import { withHostFor } from './quick-host.js';

/** The conventional name of a switch; any other name is one, too. */
const SWITCH = 'vswitch0';
const NETWORK_INTERFACES = '/sys/class/net';

/** Values of an option `peer`: what configurations on the line and VMs of the host name, their devices, and TAP devices. */
export async function peers({ files, socket }: LineFacts): Promise<readonly string[]> {
  const [configured, hosted] = await Promise.all([peersOfFiles(files), withHostFor(socket, peersOfHost)]);
  return [...new Set([SWITCH, ...configured, ...(hosted ?? []), 'tap:', ...tapDevices()])];
}

async function peersOfFiles(files: readonly string[]): Promise<readonly string[]> {
  if (files.length === 0) return [];
  const { openHypervisor } = await import('../hypervisor.js');
  const hypervisor = await openHypervisor();
  try {
    const { vms, switches } = await hypervisor.loadConfigs(files);
    const devices = vms.flatMap((vm) => vm.vdevs.map((vdev) => ({ vm: vm.name, ...networkOptions(vdev.options) })));
    return [...switches.map(({ name }) => name), ...devices.flatMap(wordsOf)];
  } finally {
    await hypervisor.dispose();
  }
}

function networkOptions(options: readonly { readonly name: string; readonly value?: string }[]): {
  readonly name: string | undefined;
  readonly peer: string | undefined;
} {
  const valueOf = (wanted: string): string | undefined => options.find(({ name }) => name === wanted)?.value;
  return { name: valueOf('name'), peer: valueOf('peer') };
}

async function peersOfHost(host: ControlClient): Promise<readonly string[]> {
  const vms = await host.request('vm.list', {});
  const vdevs = await Promise.all(
    vms.map(async ({ name: vm }) => {
      const found = await host.request('vm.vdevstat', { vm }).catch(() => []);
      return found.map(({ name, status }) => ({ vm, name, peer: peerIn(status) }));
    }),
  );
  return vdevs.flat().flatMap(wordsOf);
}

/** The peer that a VirtIO network device tells in its statistics. */
function peerIn(status: unknown): string | undefined {
  const peer = memberOf(memberOf(status, 'device'), 'peer');
  return typeof peer === 'string' ? peer : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** The peer of a device, and the device itself as a peer of another. Only network devices have peers. */
function wordsOf({
  vm,
  name,
  peer,
}: {
  readonly vm: string;
  readonly name: string | undefined;
  readonly peer: string | undefined;
}): readonly string[] {
  if (peer === undefined) return [];
  return name === undefined ? [peer] : [peer, `${vm}/${name}`];
}

function tapDevices(): readonly string[] {
  try {
    const names = readdirSync(NETWORK_INTERFACES);
    return names.filter((name) => existsSync(`${NETWORK_INTERFACES}/${name}/tun_flags`)).map((name) => `tap:${name}`);
  } catch {
    return [];
  }
}
