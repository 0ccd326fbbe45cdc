/** Largest number of buffers, and so of concurrent requests; further requests wait in the guest. */
export const BOUNCE_BUFFERS = 32;
/** Size of each buffer in bytes: larger requests are processed in pieces. */
export const BOUNCE_BYTES = 0x4_0000;

/** Host memory that the data of disk requests pass through: a bounded number of reused buffers. */
export class BounceBuffers {
  readonly #free: Uint8Array[] = [];
  #made = 0;

  /** A buffer of {@link BOUNCE_BYTES}; `undefined` when all are in use. */
  take(): Uint8Array | undefined {
    const free = this.#free.pop();
    if (free !== undefined || this.#made === BOUNCE_BUFFERS) return free;
    this.#made++;
    return new Uint8Array(BOUNCE_BYTES);
  }

  giveBack(buffer: Uint8Array): void {
    this.#free.push(buffer);
  }
}
