import { QvmError } from '@qvm/core';
import type { BaseAddress } from '../function/base-address.js';
import type { PciWindow } from './address-decoder.js';

/** Assigns addresses to BARs as firmware does: one after the other from the start of a window, aligned to their size. */
export class BarAllocator {
  readonly #windows: readonly { readonly window: PciWindow; next: number }[];

  /** @param windows - of one kind, in order of preference. */
  constructor(windows: readonly PciWindow[]) {
    this.#windows = windows.map((window) => ({ window, next: window.base }));
  }

  /** @throws `QvmError` `pci.window-full` when no window has room. */
  allocate({ spec }: BaseAddress, owner: string): number {
    for (const place of this.#windows) {
      const { window } = place;
      const base = Math.ceil(place.next / spec.size) * spec.size;
      if (base + spec.size > window.base + window.size) continue;
      place.next = base + spec.size;
      return base;
    }
    throw new QvmError(
      'pci.window-full',
      `No window of the PCI host has room for BAR ${spec.index} of ${owner} (${spec.size} ${spec.kind === 'io' ? 'ports' : 'bytes'}).`,
    );
  }
}
