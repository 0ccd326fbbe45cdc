import { provide, VDEV_FACTORY, type QvmPlugin } from '@qvm/core';
import { SHARED_MEMORY, type SharedMemoryAttachment } from '@qvm/core/services';
import { type Vdev, type VdevFactory } from '@qvm/core/vdev';

/* A vdev without registers that shares memory with others of its kind: it writes a text and notifies all. */

const TEXT_BYTES = 64;
const EVERYONE = 0xffff;

class Sharer implements Vdev {
  readonly #attachment: SharedMemoryAttachment;
  readonly #found: string;
  readonly #release: () => void;
  #notified = 0;

  constructor(attach: (notified: () => void) => SharedMemoryAttachment, text: string, release: () => void) {
    this.#attachment = attach(() => this.#notified++);
    this.#release = release;
    this.#found = this.#text();
    this.#attachment.view.set(new TextEncoder().encode(text.padEnd(TEXT_BYTES, '\0')));
    this.#attachment.notify(EVERYONE & ~(1 << this.#attachment.index));
  }

  reset(): void {}

  save(): ReturnType<Vdev['save']> {
    return { version: 1, state: null };
  }

  restore(): void {}

  status(): ReturnType<Vdev['status']> {
    return { found: this.#found, now: this.#text(), notified: this.#notified };
  }

  dispose(): void {
    this.#attachment.detach();
    this.#release();
  }

  #text(): string {
    return new TextDecoder().decode(this.#attachment.view.slice(0, TEXT_BYTES)).replaceAll('\0', '');
  }
}

const sharer: VdevFactory = {
  type: 'sharer',
  description: 'Shares memory, for tests',
  options: [
    { name: 'region', kind: 'string', description: 'Name of the region' },
    { name: 'size', kind: 'size', description: 'Make it with so many bytes' },
    { name: 'write', kind: 'string', description: 'What to write' },
  ],
  resources: () => ({}),
  create: (context, { region, size, write }) => {
    const registry = context.attachment(SHARED_MEMORY);
    const owner = { vm: '', vdev: context.name };
    const hold = typeof size === 'number' ? registry.create(String(region), size, owner) : undefined;
    const attach = (notified: () => void): SharedMemoryAttachment => registry.attach(String(region), owner, notified);
    return new Sharer(attach, String(write), () => hold?.release());
  },
};

/** The plugin. */
export const plugin: QvmPlugin = {
  name: 'sharer',
  apiVersion: 1,
  provides: [provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => sharer })],
};
