import type { CharacterBackendOpener } from '@qvm/core/host';
import type { CharacterBackend } from '@qvm/core/services';
import type { SourceLocation, VmSpec } from '@qvm/config';
import { backendError, placeOfBackend } from './build-error.js';

/** The character back ends of a VM that open asynchronously, and may fail after their vdevs have been made. */
export class BackendOpenings {
  readonly #spec: VmSpec;
  readonly #openings: Promise<void>[] = [];
  readonly #refused = new WeakMap<Error, SourceLocation>();

  constructor(spec: VmSpec) {
    this.#spec = spec;
  }

  /**
   * Wraps an opener, so that its back ends are tracked.
   *
   * @param vdev - index of the vdev that is being made.
   */
  watch(open: CharacterBackendOpener, vdev: () => number | undefined): CharacterBackendOpener {
    return (designator, post) => {
      const backend = this.#attempt(() => open(designator, post), designator, vdev());
      if (backend.opened !== undefined) this.#add(this.#placed(backend.opened, designator, vdev()));
      return backend;
    };
  }

  /** Location of the option whose back end was refused with this error, or with its cause. */
  refusedAt(error: unknown): SourceLocation | undefined {
    if (!(error instanceof Error)) return undefined;
    return this.#refused.get(error) ?? (error.cause instanceof Error ? this.#refused.get(error.cause) : undefined);
  }

  /**
   * Waits until all are open.
   *
   * @throws StartError of the first one that cannot be opened, at the option that names it.
   */
  async settled(): Promise<void> {
    await Promise.all(this.#openings);
  }

  #attempt(open: () => CharacterBackend, designator: string, vdev: number | undefined): CharacterBackend {
    try {
      return open();
    } catch (error) {
      if (error instanceof Error) this.#refused.set(error, placeOfBackend(this.#spec, designator, vdev));
      throw error;
    }
  }

  #add(opening: Promise<void>): void {
    this.#openings.push(opening);
    // If making the VM fails for another reason, nothing awaits this promise any more.
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
