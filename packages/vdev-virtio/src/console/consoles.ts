import { createToken } from '@qvm/core';
import type { Token } from '@qvm/core';

/**
 * The VirtIO consoles of a VM, for its host.
 *
 * @experimental
 */
export interface VirtioConsoles {
  /** Names of the vdevs. */
  readonly names: readonly string[];
  /**
   * Tells the guest the new size of a console's terminal.
   *
   * @param name - of the vdev.
   * @param columns - characters, 0 to 65,535; 0 when unknown.
   * @param rows - as `columns`.
   * @returns whether there is such a console.
   */
  resize(name: string, columns: number, rows: number): boolean;
}

/**
 * The consoles as a service of the VM; there when the VM has one.
 *
 * @experimental
 */
export const VIRTIO_CONSOLES: Token<VirtioConsoles> = createToken('@qvm/vdev-virtio/VirtioConsoles');

/** Keeps the consoles of a VM. */
export class ConsoleRegistry implements VirtioConsoles {
  readonly #resize = new Map<string, (columns: number, rows: number) => void>();

  get names(): readonly string[] {
    return [...this.#resize.keys()];
  }

  add(name: string, resize: (columns: number, rows: number) => void): void {
    this.#resize.set(name, resize);
  }

  resize(name: string, columns: number, rows: number): boolean {
    const resize = this.#resize.get(name);
    resize?.(columns, rows);
    return resize !== undefined;
  }
}
