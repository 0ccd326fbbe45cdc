import type { MemorySlice } from '../memory/memory-slice.js';
import { createToken, type Token } from '../plugin/token.js';

/** Largest number of clients of a shared region: client sets have 16 bits. @beta */
export const SHARED_MEMORY_CLIENTS = 16;

/** Largest length of a shared region's name in bytes. @beta */
export const SHARED_MEMORY_NAME_BYTES = 32;

/**
 * A user of a shared region.
 *
 * @beta
 */
export interface SharedMemoryOwner {
  /** Name of the VM. */
  readonly vm: string;
  /** Name of the vdev, or of a part of a host program. */
  readonly vdev: string;
}

/**
 * The shared regions of a host. A region exists as long as it has a holder or clients; its bytes are zero at first.
 *
 * @beta
 */
export interface SharedMemoryRegistry {
  /**
   * Creates a region and holds it, or holds an existing one that has no holder.
   *
   * @param name - 1 to 32 printable ASCII characters without blanks.
   * @param bytes - a positive multiple of 4 KiB.
   * @throws QvmError `shmem.name`, `shmem.exists` when it has another holder, `shmem.size` when the sizes differ or
   * are not allowed, `shmem.limit` when there are too many regions or bytes, `memory.exhausted`.
   */
  create(name: string, bytes: number, owner: SharedMemoryOwner): SharedMemoryHold;
  /**
   * Attaches to a region as a client.
   *
   * @param notified - called when a client notifies this one while it has no pending notification; on this thread's
   * event loop, or during the `notify` of a client on the same thread.
   * @throws QvmError `shmem.unknown` when there is no such region, `shmem.clients` when it has 16 clients.
   */
  attach(name: string, owner: SharedMemoryOwner, notified: () => void): SharedMemoryAttachment;
  /** Calls `created` with the name of each region that is created from now on. The result ends that. */
  watch(created: (name: string) => void): () => void;
  /** All regions, oldest first. */
  regions(): readonly SharedMemoryInfo[];
}

/**
 * Keeps a region in existence.
 *
 * @beta
 */
export interface SharedMemoryHold {
  /** Gives the region up. Called once. */
  release(): void;
}

/**
 * One client of a shared region. It must not be used after `detach`, or after the registry has closed.
 *
 * @beta
 */
export interface SharedMemoryAttachment {
  /** Name of the region. */
  readonly name: string;
  /** Size of the region. */
  readonly bytes: number;
  /** Index of this client, 0 to 15. */
  readonly index: number;
  /** Location of the region for `MemoryWindow.map`: the slice's first `bytes` bytes. */
  readonly slice: MemorySlice;
  /** The region's bytes, for programs of the host. */
  readonly view: Uint8Array;
  /** Bit set of the attached clients. */
  readonly active: number;
  /** Bit set of the clients that have notified this one since the last `takePending`. */
  readonly pending: number;
  /** Returns `pending` and clears it. */
  takePending(): number;
  /** Notifies the clients in the set that are attached. */
  notify(targets: number): void;
  /** Detaches the client. Called once. */
  detach(): void;
}

/**
 * Description of a region for listings.
 *
 * @beta
 */
export interface SharedMemoryInfo {
  /** Name of the region. */
  readonly name: string;
  /** Size of the region. */
  readonly bytes: number;
  /** The holder of the region; `undefined` once it has given the region up. */
  readonly holder: SharedMemoryOwner | undefined;
  /** The attached clients, with the index that doorbells use. */
  readonly clients: readonly {
    /** Index of the client, 0 to 15. */
    readonly index: number;
    /** The VM and vdev that attached it. */
    readonly owner: SharedMemoryOwner;
  }[];
}

/** The shared regions that a host offers to its VMs. @beta */
export const SHARED_MEMORY: Token<SharedMemoryRegistry> = createToken('@qvm/core/SharedMemoryRegistry');
