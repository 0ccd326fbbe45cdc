import type { Transferable } from 'node:worker_threads';
import { provide, type QvmPlugin } from '@qvm/core';
import { MEMORY_SOURCE, NETWORK_FABRIC, SHARED_MEMORY, type HostDeviceOwner } from '@qvm/core/services';
import { DEVICE_LEDGER, RemoteDeviceLedger } from '@qvm/vdev-passthrough';
import { RemoteSharedMemory, type SharedMemoryEvent, type SharedMemoryReply } from '@qvm/vdev-shmem';
import { ThreadFabric } from '@qvm/vswitch';
import { DEVICE_SERVICE, MEMORY_SERVICE, NETWORK_SERVICE } from './host-services.js';
import type { PlugNote } from './network-service.js';
import type { ServiceLink } from './service-link.js';

/** Provides the services of the host to the VM of this thread, under the tokens that vdevs use. */
export function hostServicesPlugin(link: ServiceLink): QvmPlugin {
  let memory: RemoteSharedMemory | undefined;
  const sharedMemory = (): RemoteSharedMemory => (memory ??= openSharedMemory(link));
  return {
    name: '@qvm/host',
    apiVersion: 1,
    provides: [
      provide({ token: NETWORK_FABRIC, scope: 'host', factory: () => openNetworks(link) }),
      provide({ token: SHARED_MEMORY, scope: 'host', factory: sharedMemory }),
      provide({ token: DEVICE_LEDGER, scope: 'host', factory: () => openLedger(link) }),
      provide({ token: MEMORY_SOURCE, scope: 'host', factory: sharedMemory }),
    ],
  };
}

function openNetworks(link: ServiceLink): ThreadFabric {
  const channel = link.channel(NETWORK_SERVICE);
  return new ThreadFabric((peer, device, parts) => {
    const note: PlugNote = { peer, device, parts };
    // The DOM's and Node's type for the same class.
    channel.note(note, [parts.wake as unknown as Transferable]);
  });
}

function openLedger(link: ServiceLink): RemoteDeviceLedger {
  const channel = link.channel(DEVICE_SERVICE);
  return new RemoteDeviceLedger({
    call: (call) => channel.call(call) as HostDeviceOwner | undefined,
    note: (note) => channel.note(note),
  });
}

function openSharedMemory(link: ServiceLink): RemoteSharedMemory {
  const channel = link.channel(MEMORY_SERVICE);
  return new RemoteSharedMemory({
    call: (call) => channel.call(call) as SharedMemoryReply,
    note: (note) => channel.note(note),
    onEvent: (listener) => channel.onEvent((event) => listener(event as SharedMemoryEvent)),
  });
}
