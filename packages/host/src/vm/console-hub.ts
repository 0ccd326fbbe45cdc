import type { Disposable } from '@qvm/core';

/** Size in bytes of the most recent output, which is kept for later viewers. */
const BACKLOG_BYTES = 0x1_0000;
/** Number of pieces of output that are kept before they are joined. */
const MAX_PIECES = 256;

/** Callback of a console's viewer. */
export type ConsoleViewer = (bytes: Uint8Array) => void;

/**
 * One console of a VM, with any number of viewers. Later viewers first get the most recent output.
 *
 * @experimental
 */
export class ConsoleHub {
  readonly #viewers = new Set<{ readonly see: ConsoleViewer }>();
  #backlog: Uint8Array[] = [];
  #backlogBytes = 0;

  /** Number of viewers. */
  get viewers(): number {
    return this.#viewers.size;
  }

  /** Output of the guest. The array is kept. */
  write(bytes: Uint8Array): void {
    this.#keep(bytes);
    for (const { see } of [...this.#viewers]) see(bytes);
  }

  /** Shows the most recent output, then all new output. */
  attach(viewer: ConsoleViewer, withBacklog = true): Disposable {
    if (withBacklog) for (const bytes of this.#backlog) viewer(bytes);
    const entry = { see: viewer };
    this.#viewers.add(entry);
    return { dispose: () => void this.#viewers.delete(entry) };
  }

  #keep(bytes: Uint8Array): void {
    const last = bytes.length > BACKLOG_BYTES ? bytes.subarray(bytes.length - BACKLOG_BYTES) : bytes;
    this.#backlog.push(last);
    this.#backlogBytes += last.length;
    while (this.#backlogBytes > BACKLOG_BYTES) {
      const [oldest] = this.#backlog;
      if (oldest === undefined) return;
      const excess = this.#backlogBytes - BACKLOG_BYTES;
      if (oldest.length > excess) this.#backlog[0] = oldest.subarray(excess);
      else this.#backlog.shift();
      this.#backlogBytes -= Math.min(excess, oldest.length);
    }
    if (this.#backlog.length > MAX_PIECES) this.#join();
  }

  /** Joins the pieces, because a guest that writes single characters makes many of them. */
  #join(): void {
    const all = new Uint8Array(this.#backlogBytes);
    let at = 0;
    for (const piece of this.#backlog) {
      all.set(piece, at);
      at += piece.length;
    }
    this.#backlog = [all];
  }
}
