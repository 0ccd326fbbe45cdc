import { QvmError } from '@qvm/core';
import type { SharedMemoryHold, SharedMemoryRegistry } from '@qvm/core/services';
import type { MemoryWindow, VdevContext } from '@qvm/core/vdev';
import { Connection, ownerOf } from './connection.js';
import { CONTROL_BYTES, controlPage, type ControlOperations } from './control-page.js';
import { findGap } from './window-space.js';

/** Where connections of one vdev live. */
export interface ConnectionPlace {
  readonly context: VdevContext;
  readonly registry: SharedMemoryRegistry;
  readonly window: MemoryWindow;
  /** What has its place in the window already. */
  readonly taken: readonly { readonly offset: number; readonly size: number }[];
  /** Told when the interrupt's level may be another. */
  changed(): void;
  /** The guest has detached; after the fact. */
  gone(connection: FactoryConnection): void;
}

/** @throws QvmError `shmem.limit` when there is no room for a region of that size. */
function requireGap({ taken, window }: ConnectionPlace, name: string, bytes: number): number {
  const offset = findGap(taken, CONTROL_BYTES + bytes, window.size);
  if (offset !== undefined) return offset;
  throw new QvmError('shmem.limit', `No room for ${name} in the window of ${window.size} bytes.`);
}

/** A connection that the guest made: a control page in the window, followed by the data. */
export class FactoryConnection implements ControlOperations {
  readonly connection: Connection;
  readonly offset: number;
  readonly size: number;
  readonly #place: ConnectionPlace;
  /** Keeps alive a region that the guest has made. */
  readonly #hold: SharedMemoryHold | undefined;
  #open = true;

  /**
   * @param bytes - size to make the region with if it is not there; 0: it must be there.
   * @throws QvmError as the registry and the window; `shmem.size` when the region is smaller.
   */
  constructor(place: ConnectionPlace, name: string, bytes: number) {
    const { registry, context, window } = place;
    this.#place = place;
    // Before anything is made: a region that could not be seen costs the host nothing.
    requireGap(place, name, bytes);
    const known = registry.regions().some((region) => region.name === name);
    this.#hold = known || bytes === 0 ? undefined : registry.create(name, bytes, ownerOf(context));
    try {
      this.connection = new Connection(registry, name, context, () => place.changed());
    } catch (error) {
      this.#hold?.release();
      throw error;
    }
    const { bytes: found, slice } = this.connection.attachment;
    this.size = CONTROL_BYTES + found;
    this.offset = findGap(place.taken, this.size, window.size) ?? -1;
    try {
      if (bytes > found)
        throw new QvmError('shmem.size', `The shared region ${name} has ${found} bytes, not ${bytes}.`);
      if (this.offset < 0)
        throw new QvmError('shmem.limit', `No room for ${name} in the window of ${window.size} bytes.`);
      window.map(this.offset + CONTROL_BYTES, slice, { bytes: found });
      window.mapRegisters(this.offset, CONTROL_BYTES, controlPage(this));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Guest-physical address of the control page. */
  get address(): number {
    return this.#place.window.base + this.offset;
  }

  /** Bytes of the region, from the page after the control page on. */
  get dataBytes(): number {
    return this.size - CONTROL_BYTES;
  }

  takeStatus(): number {
    return this.#open ? this.connection.takeStatus() : 0;
  }

  index(): number {
    return this.connection.attachment.index;
  }

  notify(clients: number): void {
    this.connection.attachment.notify(clients);
  }

  detach(): void {
    this.close();
    this.#place.gone(this);
  }

  /** Takes it out of the guest and frees its place in the region. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#place.window.unmap(this.offset);
    this.#place.window.unmap(this.offset + CONTROL_BYTES);
    this.connection.detach();
    this.#hold?.release();
  }
}
