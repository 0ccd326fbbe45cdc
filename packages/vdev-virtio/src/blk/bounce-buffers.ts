/** Most buffers, and so requests, at a time; further requests wait in the guest. */
export const BOUNCE_BUFFERS = 32;
/** Bytes of each: larger requests pass through piece by piece. */
export const BOUNCE_BYTES = 0x4_0000;

/** The host memory that data of disk requests pass through: bounded, and used again. */
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
