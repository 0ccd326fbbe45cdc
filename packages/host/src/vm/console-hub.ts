import type { Disposable } from '@qvm/core';

/** Output that a viewer who comes later still gets to see. */
const BACKLOG_BYTES = 0x1_0000;
/** Pieces in which it is kept before they are joined. */
const MAX_PIECES = 256;

/** Callbacks of a console's viewer. */
export type ConsoleViewer = (bytes: Uint8Array) => void;

/**
 * One console of a VM: any number of viewers, and what was written last for those who come later.
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

  /** Bytes that the guest wrote. The array is kept. */
  write(bytes: Uint8Array): void {
    this.#keep(bytes);
    for (const { see } of [...this.#viewers]) see(bytes);
  }

  /** Shows what was written last, then everything from now on. */
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

  /** A guest that writes single characters makes many pieces, each with its own cost. */
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
