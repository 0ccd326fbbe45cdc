import { QvmError } from '@qvm/core';
import type {
  MemoryPool,
  SharedMemoryHold,
  SharedMemoryInfo,
  SharedMemoryOwner,
  SharedMemoryRegistry,
} from '@qvm/core/services';
import type { Attachment } from './attachment.js';
import { requireRegionName } from './region-name.js';
import { SharedRegion } from './shared-region.js';

const PAGE = 0x1000;

/**
 * Limits of a registry.
 *
 * @experimental
 */
export interface SharedMemoryLimits {
  /** Largest number of regions. Default 64. */
  readonly regions?: number;
  /** Largest total size of all regions in bytes. Default 1 GiB. */
  readonly bytes?: number;
}

/**
 * The shared regions of a host, on the thread with the memory pool. VMs on other threads reach it through a
 * `SharedMemoryServer`.
 *
 * @experimental
 */
export class LocalSharedMemory implements SharedMemoryRegistry {
  readonly #pool: MemoryPool;
  readonly #limits: Required<SharedMemoryLimits>;
  readonly #regions = new Map<string, SharedRegion>();
  readonly #watchers = new Set<(name: string) => void>();

  /** @param pool - pool of the VMs that map the regions. */
  constructor(pool: MemoryPool, limits: SharedMemoryLimits = {}) {
    this.#pool = pool;
    this.#limits = { regions: limits.regions ?? 64, bytes: limits.bytes ?? 0x4000_0000 };
  }

  create(name: string, bytes: number, owner: SharedMemoryOwner): SharedMemoryHold {
    requireRegionName(name);
    const known = this.#regions.get(name);
    const region = known ?? this.#make(name, bytes);
    if (region.holder !== undefined) {
      const { vm, vdev } = region.holder;
      throw new QvmError('shmem.exists', `The shared region ${name} is there already: ${vm}/${vdev} has made it.`);
    }
    if (region.bytes !== bytes) {
      throw new QvmError('shmem.size', `The shared region ${name} has ${region.bytes} bytes, not ${bytes}.`);
    }
    region.holder = owner;
    if (known === undefined) for (const created of [...this.#watchers]) created(name);
    return releaseOnce(region);
  }

  attach(name: string, owner: SharedMemoryOwner, notified: () => void): Attachment {
    const region = this.#regions.get(requireRegionName(name));
    if (region === undefined) throw new QvmError('shmem.unknown', `There is no shared region ${name}.`);
    return region.attach(owner, notified);
  }

  watch(created: (name: string) => void): () => void {
    // A new function each time, because the same listener may watch twice.
    const watcher = (name: string): void => created(name);
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  regions(): readonly SharedMemoryInfo[] {
    return [...this.#regions.values()].map(({ info }) => info);
  }

  #make(name: string, bytes: number): SharedRegion {
    const { regions, bytes: most } = this.#limits;
    if (!Number.isSafeInteger(bytes) || bytes <= 0 || bytes % PAGE !== 0) {
      throw new QvmError('shmem.size', `A shared region has a multiple of 4096 bytes, not ${bytes}.`);
    }
    const used = [...this.#regions.values()].reduce((sum, region) => sum + region.bytes, 0);
    if (this.#regions.size >= regions || used + bytes > most) {
      throw new QvmError(
        'shmem.limit',
        `No room for ${name}: at most ${regions} regions and ${most} bytes are shared.`,
      );
    }
    const region = new SharedRegion(this.#pool, name, bytes, () => void this.#regions.delete(name));
    this.#regions.set(name, region);
    return region;
  }
}

function releaseOnce(region: SharedRegion): SharedMemoryHold {
  let held = true;
  return {
    release: () => {
      if (held) region.release();
      held = false;
    },
  };
}
