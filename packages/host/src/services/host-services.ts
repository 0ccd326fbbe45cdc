import { type LogLevel } from '@qvm/core';
import { MemoryPool } from '@qvm/core/services';
import { DeviceLedgerServer, LocalDeviceLedger } from '@qvm/vdev-passthrough';
import { LocalSharedMemory, SharedMemoryServer } from '@qvm/vdev-shmem';
import type { SwitchFabric } from '@qvm/vswitch';
import { captureOutputs } from '@qvm/sdk';
import { createNodeFabric } from '@qvm/vswitch/node';
import { NetworkService } from './network-service.js';
import type { ServiceFactory, Services } from './service-broker.js';

/** Names of the services, on both ends of a link. */
export const NETWORK_SERVICE = 'network';
export const MEMORY_SERVICE = 'shared memory';
export const DEVICE_SERVICE = 'host devices';
/** The host as the owner of things. */
const HOST = 'host';

/**
 * Services that the VMs of a host share: switches, shared regions, and the owners of host devices.
 *
 * @experimental
 */
export class HostServices {
  readonly fabric: SwitchFabric;
  readonly sharedMemory: LocalSharedMemory;
  /** For the brokers. */
  readonly factories: Services;

  /**
   * @param log - told what the networks have to say.
   */
  constructor(log: (level: LogLevel, message: string) => void = () => undefined) {
    // Nothing is reserved, and no switch is there, before a VM asks for it.
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
   * Provides a shared region for as long as the host lives. Doing so again with the same size changes nothing.
   *
   * @param size - bytes, a multiple of 4 KiB.
   * @throws QvmError codes of `shmem.`
   */
  share(name: string, size: number): void {
    const known = this.sharedMemory.regions().find((region) => region.name === name);
    if (known?.holder?.vm === HOST && known.bytes === size) return;
    this.sharedMemory.create(name, size, { vm: HOST, vdev: 'shmem' });
  }

  /** Ends what is still open when all VMs have ended. */
  close(): void {
    this.fabric.close();
  }
}
