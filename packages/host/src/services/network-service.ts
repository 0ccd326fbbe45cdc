import { MessagePort } from 'node:worker_threads';
import { resolve } from 'node:path';
import type { VdevSpec, VmSpec } from '@qvm/config';
import { QvmError } from '@qvm/core';
import { MAC_BYTES, type NetworkDeviceInfo, type NetworkFabric } from '@qvm/core/services';
import { describeError } from '@qvm/sdk';
import { plugThreadPort, type ThreadPortParts } from '@qvm/vswitch';
import type { ServedVm, ServiceServer } from './service-broker.js';

/** Largest number of cables of one VM. */
const MAX_CABLES = 64;

/** Message of a VM's thread that connects one of its devices. */
export interface PlugNote {
  readonly peer: string;
  readonly device: NetworkDeviceInfo;
  readonly parts: ThreadPortParts;
}

/** Connects the network devices of one VM to the host's networks, but only to those that its configuration names. */
export class NetworkService implements ServiceServer {
  readonly #fabric: NetworkFabric;
  readonly #vm: ServedVm;
  readonly #cables: (() => void)[] = [];

  constructor(fabric: NetworkFabric, vm: ServedVm) {
    this.#fabric = fabric;
    this.#vm = vm;
  }

  call(): undefined {
    return undefined;
  }

  note(body: unknown): void {
    const { peer, device, parts } = body as PlugNote;
    try {
      if (this.#cables.length >= MAX_CABLES)
        throw new QvmError('host.network', `a VM has at most ${MAX_CABLES} cables`);
      if (!(parts.rings instanceof SharedArrayBuffer) || !(parts.wake instanceof MessagePort)) {
        throw new QvmError('host.network', 'a cable has two rings and a port');
      }
      this.#cables.push(plugThreadPort(this.#fabric, peer, checkedDevice(this.#vm.spec, peer, device), parts));
    } catch (error) {
      this.#vm.log('error', `no link to "${String(peer)}": ${describeError(error)}`);
    }
  }

  close(): void {
    for (const unplug of this.#cables.splice(0)) unplug();
  }
}

/** The device described by its thread, if the configuration has such a device. */
function checkedDevice(spec: VmSpec, peer: string, device: NetworkDeviceInfo): NetworkDeviceInfo {
  const { vdev, mac, vlan, trunk, capture } = device;
  const configured = spec.vdevs.find(
    (candidate) =>
      optionOf(candidate, 'peer') === peer &&
      (vlan === undefined || optionOf(candidate, 'vlan') === String(vlan)) &&
      (trunk === undefined || optionOf(candidate, 'trunk') !== undefined) &&
      capture === captureOf(spec, candidate),
  );
  if (
    configured === undefined ||
    typeof vdev !== 'string' ||
    !(mac instanceof Uint8Array) ||
    mac.length !== MAC_BYTES
  ) {
    throw new QvmError('host.network', 'the configuration has no such device');
  }
  return { ...device, vm: spec.name };
}

function captureOf(spec: VmSpec, vdev: VdevSpec): string | undefined {
  const path = optionOf(vdev, 'capture');
  return path === undefined ? undefined : resolve(spec.baseDir, path);
}

function optionOf({ options }: VdevSpec, name: string): string | undefined {
  return options.find((option) => option.name === name)?.value;
}
