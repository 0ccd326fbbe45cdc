import type { CharacterBackendOpener } from '@qvm/core';
import type { VmSpec } from '@qvm/config';
import { backendError } from './build-error.js';

/**
 * The character back ends of a VM that open asynchronously: they may fail when their vdevs are made already.
 */
export class BackendOpenings {
  readonly #spec: VmSpec;
  readonly #openings: Promise<void>[] = [];

  constructor(spec: VmSpec) {
    this.#spec = spec;
  }

  /**
   * The same opener, watched.
   *
   * @param vdev - index of the vdev that is being made.
   */
  watch(open: CharacterBackendOpener, vdev: () => number | undefined): CharacterBackendOpener {
    return (designator, post) => {
      const backend = open(designator, post);
      if (backend.opened !== undefined) this.#add(this.#placed(backend.opened, designator, vdev()));
      return backend;
    };
  }

  /**
   * Waits until all are open.
   *
   * @throws StartError of the first that cannot be, at the option that names it.
   */
  async settled(): Promise<void> {
    await Promise.all(this.#openings);
  }

  #add(opening: Promise<void>): void {
    this.#openings.push(opening);
    // When the VM cannot be made for another reason, nobody asks any more.
    opening.catch(() => undefined);
  }

  async #placed(opened: Promise<void>, designator: string, vdev: number | undefined): Promise<void> {
    try {
      await opened;
    } catch (cause) {
      throw backendError(cause, this.#spec, designator, vdev);
    }
  }
}
