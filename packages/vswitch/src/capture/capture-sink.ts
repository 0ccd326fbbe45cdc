/**
 * Where a capture goes.
 *
 * @experimental
 */
export interface CaptureSink {
  /** Records a frame as it went over the wire, now. `in` is what the device received. */
  record(frame: Uint8Array, direction: 'in' | 'out'): void;
  /** Writes what is still kept back, and ends the capture. */
  close(): void;
}
