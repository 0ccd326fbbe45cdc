import type { MemorySlice } from '../memory/memory-slice.js';
import { createToken, type Token } from '../plugin/token.js';

/** Most clients of one shared region: a bit each in a set of 16. @experimental */
export const SHARED_MEMORY_CLIENTS = 16;

/** Longest name of a shared region, bytes. @experimental */
export const SHARED_MEMORY_NAME_BYTES = 32;

/**
 * Who uses a shared region.
 *
 * @experimental
 */
export interface SharedMemoryOwner {
  /** Name of the VM. */
  readonly vm: string;
  /** Name of the vdev, or of a part of a host program. */
  readonly vdev: string;
}

/**
 * The shared regions of a host. A region lives as long as someone holds it or is attached to it; its bytes are zero at first.
 *
 * @experimental
 */
export interface SharedMemoryRegistry {
  /**
   * Makes a region and holds it, or holds one that is left without a holder.
   *
   * @param name - 1 to 32 printable ASCII characters without blanks.
   * @param bytes - a positive multiple of 4 KiB.
   * @throws QvmError `shmem.name`, `shmem.exists` when another holds it, `shmem.size` when the sizes differ or no region may
   * have it, `shmem.limit` when there are too many regions or bytes, `memory.exhausted`.
   */
  create(name: string, bytes: number, owner: SharedMemoryOwner): SharedMemoryHold;
  /**
   * Attaches to a region as one of its clients.
   *
   * @param notified - called when a client notifies this one and it had no notification pending; on this thread's event loop,
   * or inside the `notify` of a client on the same thread.
   * @throws QvmError `shmem.unknown` when there is no such region, `shmem.clients` when it has 16 clients.
   */
  attach(name: string, owner: SharedMemoryOwner, notified: () => void): SharedMemoryAttachment;
  /** Tells `created` the name of each region that is made from now on. Returns what ends that. */
  watch(created: (name: string) => void): () => void;
  /** All regions, oldest first. */
  regions(): readonly SharedMemoryInfo[];
}

/**
 * Keeps a region alive.
 *
 * @experimental
 */
export interface SharedMemoryHold {
  /** Lets the region go; once. */
  release(): void;
}

/**
 * One client of a shared region. After `detach`, or when the registry has closed, nothing of it may be used.
 *
 * @experimental
 */
export interface SharedMemoryAttachment {
  /** Name of the region. */
  readonly name: string;
  /** Size of the region. */
  readonly bytes: number;
  /** Which client this is, 0 to 15. */
  readonly index: number;
  /** Where the region lies, for `MemoryWindow.map`: its first `bytes` bytes. */
  readonly slice: MemorySlice;
  /** The region's bytes, for programs of the host. */
  readonly view: Uint8Array;
  /** The clients there are, a bit each. */
  readonly active: number;
  /** The clients that notified this one and were not looked at, a bit each. */
  readonly pending: number;
  /** As `pending`, and forgets them. */
  takePending(): number;
  /** Notifies exactly these clients, as far as they are there. */
  notify(targets: number): void;
  /** Frees the client's place; once. */
  detach(): void;
}

/**
 * What a listing shows of a region.
 *
 * @experimental
 */
export interface SharedMemoryInfo {
  /** Name of the region. */
  readonly name: string;
  /** Size of the region. */
  readonly bytes: number;
  /** Who made the region; `undefined` once that is gone. */
  readonly holder: SharedMemoryOwner | undefined;
  /** Who is attached, with the index that doorbells use. */
  readonly clients: readonly { readonly index: number; readonly owner: SharedMemoryOwner }[];
}

/** The shared regions that a host offers to its VMs. @experimental */
export const SHARED_MEMORY: Token<SharedMemoryRegistry> = createToken('@qvm/core/SharedMemoryRegistry');
