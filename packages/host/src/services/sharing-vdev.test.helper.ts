import { provide, VDEV_FACTORY, type QvmPlugin } from '@qvm/core';
import { SHARED_MEMORY, type SharedMemoryAttachment } from '@qvm/core/services';
import { defineOptions, option } from '@qvm/core/options';
import { defineVdev, type Vdev } from '@qvm/core/vdev';

/** A vdev without registers that shares memory with others of its type: it writes a text and notifies all others. */

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

const sharer = defineVdev({
  type: 'sharer',
  description: 'Shares memory, for tests',
  options: defineOptions({
    region: option.string({ description: 'Name of the region', required: true }),
    size: option.size({ description: 'Size of the new region in bytes' }),
    write: option.string({ description: 'What to write', default: '' }),
  }),
  resources: () => ({}),
  create: (context, { region, size, write }) => {
    const registry = context.attachment(SHARED_MEMORY);
    const owner = { vm: '', vdev: context.name };
    const hold = size === undefined ? undefined : registry.create(region, size, owner);
    const attach = (notified: () => void): SharedMemoryAttachment => registry.attach(region, owner, notified);
    return new Sharer(attach, write, () => hold?.release());
  },
});

/** The plugin. */
export const plugin: QvmPlugin = {
  name: 'sharer',
  apiVersion: 1,
  provides: [provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => sharer })],
};
