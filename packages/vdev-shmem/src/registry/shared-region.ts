import { QvmError } from '@qvm/core';
import { SHARED_MEMORY_CLIENTS } from '@qvm/core/services';
import type { MemoryPool, MemorySlice, SharedMemoryInfo, SharedMemoryOwner } from '@qvm/core/services';
import { Attachment, SIGNAL_ROOM, signalsOf } from './attachment.js';
import type { RegionSignals } from './region-signals.js';

interface Client {
  readonly owner: SharedMemoryOwner;
  readonly notified: () => void;
}

/** One region: its bytes, its holder, its clients. */
export class SharedRegion {
  readonly #pool: MemoryPool;
  readonly #slice: MemorySlice;
  readonly #signals: RegionSignals;
  readonly #clients: (Client | undefined)[] = new Array<Client | undefined>(SHARED_MEMORY_CLIENTS).fill(undefined);
  readonly #unused: () => void;
  holder: SharedMemoryOwner | undefined;

  /**
   * @param unused - called when the region has neither a holder nor clients, after its bytes were freed.
   * @throws QvmError `memory.exhausted`.
   */
  constructor(
    pool: MemoryPool,
    readonly name: string,
    readonly bytes: number,
    unused: () => void,
  ) {
    this.#pool = pool;
    this.#slice = pool.take(bytes + SIGNAL_ROOM);
    this.#signals = signalsOf(pool.memory, this.#slice);
    this.#unused = unused;
  }

  get info(): SharedMemoryInfo {
    const { name, bytes, holder } = this;
    const clients = this.#clients.flatMap((client, index) => (client ? [{ index, owner: client.owner }] : []));
    return { name, bytes, holder, clients };
  }

  /** @throws QvmError `shmem.clients`. */
  attach(owner: SharedMemoryOwner, notified: () => void): Attachment {
    const index = this.#clients.indexOf(undefined);
    if (index < 0) {
      throw new QvmError(
        'shmem.clients',
        `The shared region ${this.name} has ${SHARED_MEMORY_CLIENTS} clients already.`,
      );
    }
    this.#clients[index] = { owner, notified };
    this.#signals.join(index);
    const { name, bytes } = this;
    const attached = { name, bytes, index, slice: this.#slice, memory: this.#pool.memory };
    return new Attachment(attached, { wake: (clients) => this.#wake(clients), detach: () => this.#detach(index) });
  }

  /** Called when the holder gives the region up. */
  release(): void {
    this.holder = undefined;
    this.#freeIfUnused();
  }

  #wake(clients: number): void {
    this.#clients.forEach((client, index) => {
      if ((clients & (1 << index)) !== 0) client?.notified();
    });
  }

  #detach(index: number): void {
    this.#clients[index] = undefined;
    this.#signals.leave(index);
    // If it set a signal and ended before waking its targets, they check now.
    this.#wake(this.#signals.active);
    this.#freeIfUnused();
  }

  #freeIfUnused(): void {
    if (this.holder !== undefined || this.#clients.some((client) => client !== undefined)) return;
    this.#pool.give(this.#slice);
    this.#unused();
  }
}
