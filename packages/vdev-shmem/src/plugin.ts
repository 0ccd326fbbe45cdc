import { createToken, provide, VDEV_FACTORY } from '@qvm/core';
import { MEMORY_SOURCE, MemoryPool, SHARED_MEMORY } from '@qvm/core/services';
import type { QvmPlugin, Token } from '@qvm/core';
import { LocalSharedMemory } from './registry/local-shared-memory.js';
import { shmem } from './shmem/shmem.js';

/** The pool of the host, with the memory of the VMs that share memory, and the regions. @experimental */
export const MEMORY_POOL: Token<MemoryPool> = createToken('@qvm/vdev-shmem/MemoryPool');

/**
 * Shared memory for a host that composes plugins: the vdev, the pool and the registry of its process.
 *
 * @experimental
 */
export const sharedMemoryPlugin: QvmPlugin = {
  name: '@qvm/vdev-shmem',
  apiVersion: 1,
  provides: [
    provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => shmem }),
    provide({ token: MEMORY_POOL, scope: 'host', factory: () => new MemoryPool() }),
    provide({ token: MEMORY_SOURCE, scope: 'host', factory: (resolver) => resolver.get(MEMORY_POOL) }),
    provide({
      token: SHARED_MEMORY,
      scope: 'host',
      factory: (resolver) => new LocalSharedMemory(resolver.get(MEMORY_POOL)),
    }),
  ],
};
