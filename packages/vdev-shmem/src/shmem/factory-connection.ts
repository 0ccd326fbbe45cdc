import { QvmError } from '@qvm/core';
import type { SharedMemoryHold, SharedMemoryRegistry } from '@qvm/core/services';
import type { MemoryWindow, VdevContext } from '@qvm/core/vdev';
import { Connection, ownerOf } from './connection.js';
import { CONTROL_BYTES, controlPage, type ControlOperations } from './control-page.js';
import { findGap } from './window-space.js';

/** The environment of a vdev's connections. */
export interface ConnectionPlace {
  readonly context: VdevContext;
  readonly registry: SharedMemoryRegistry;
  readonly window: MemoryWindow;
  /** Occupied ranges of the window. */
  readonly taken: readonly { readonly offset: number; readonly size: number }[];
  /** Called when the interrupt's level may have changed. */
  changed(): void;
  /** Called after the guest has detached. */
  gone(connection: FactoryConnection): void;
}

/** @throws QvmError `shmem.limit` when there is no room for a region of that size. */
function requireGap({ taken, window }: ConnectionPlace, name: string, bytes: number): number {
  const offset = findGap(taken, CONTROL_BYTES + bytes, window.size);
  if (offset !== undefined) return offset;
  throw new QvmError('shmem.limit', `No room for ${name} in the window of ${window.size} bytes.`);
}

/** A connection made by the guest: a control page in the window, followed by the data. */
export class FactoryConnection implements ControlOperations {
  readonly connection: Connection;
  readonly offset: number;
  readonly size: number;
  readonly #place: ConnectionPlace;
  /** Keeps a region that the guest has created in existence. */
  readonly #hold: SharedMemoryHold | undefined;
  #open = true;

  /**
   * @param bytes - size for creating the region if it does not exist; 0: it must exist.
   * @throws QvmError errors of the registry and the window; `shmem.size` when the region is smaller.
   */
  constructor(place: ConnectionPlace, name: string, bytes: number) {
    const { registry, context, window } = place;
    this.#place = place;
    // Checked first, so that a region that could not be mapped costs the host nothing.
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

  /** Size of the region in bytes; it begins in the page after the control page. */
  get dataBytes(): number {
    return this.size - CONTROL_BYTES;
  }

  dataAddress(): number {
    return this.address + CONTROL_BYTES;
  }

  dataSize(): number {
    return this.dataBytes;
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

  /** Removes it from the guest and detaches from the region. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#place.window.unmap(this.offset);
    this.#place.window.unmap(this.offset + CONTROL_BYTES);
    this.connection.detach();
    this.#hold?.release();
  }
}
