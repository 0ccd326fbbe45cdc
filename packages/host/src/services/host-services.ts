import { type LogLevel } from '@qvm/core';
import { MemoryPool } from '@qvm/core/services';
import { DeviceLedgerServer, LocalDeviceLedger } from '@qvm/vdev-passthrough';
import { LocalSharedMemory, SharedMemoryServer } from '@qvm/vdev-shmem';
import type { SwitchFabric } from '@qvm/vswitch';
import { captureOutputs } from '@qvm/sdk';
import { createNodeFabric } from '@qvm/vswitch/node';
import { NetworkService } from './network-service.js';
import type { ServiceFactory, Services } from './service-broker.js';

/** Names of the services, used at both ends of a link. */
export const NETWORK_SERVICE = 'network';
export const MEMORY_SERVICE = 'shared memory';
export const DEVICE_SERVICE = 'host devices';
/** The host as an owner of shared resources. */
const HOST = 'host';

/**
 * Services that the VMs of a host share: switches, shared regions, and the owners of host devices.
 *
 * @experimental
 */
export class HostServices {
  /** The switches, for all VMs of the host. */
  readonly fabric: SwitchFabric;
  /** The shared-memory regions, for all VMs of the host. */
  readonly sharedMemory: LocalSharedMemory;
  /** Factories for the brokers. */
  readonly factories: Services;

  /** @param log - called with messages of the networks. */
  constructor(log: (level: LogLevel, message: string) => void = () => undefined) {
    // No memory is reserved and no switch exists before a VM needs it.
    const pool = new MemoryPool();
    const ledger = new LocalDeviceLedger();
    this.fabric = createNodeFabric(captureOutputs, { logger: { log } });
    this.sharedMemory = new LocalSharedMemory(pool);
    this.factories = new Map<string, ServiceFactory>([
      [NETWORK_SERVICE, (vm) => new NetworkService(this.fabric, vm)],
      [DEVICE_SERVICE, (vm) => new DeviceLedgerServer(ledger, vm.spec.name)],
      [MEMORY_SERVICE, (vm, send) => new SharedMemoryServer(this.sharedMemory, pool, vm.spec.name, send)],
    ]);
  }

  /**
   * Provides a shared region for the lifetime of the host. Repeating the call with the same size has no effect.
   *
   * @param size - size in bytes, a multiple of 4 KiB.
   * @throws QvmError codes of `shmem.`
   */
  share(name: string, size: number): void {
    const known = this.sharedMemory.regions().find((region) => region.name === name);
    if (known?.holder?.vm === HOST && known.bytes === size) return;
    this.sharedMemory.create(name, size, { vm: HOST, vdev: 'shmem' });
  }

  /** Closes everything that is still open after all VMs have ended. */
  close(): void {
    this.fabric.close();
  }
}
