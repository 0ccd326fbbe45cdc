/**
 * Destination of a capture.
 *
 * @experimental
 */
export interface CaptureSink {
  /** Records a frame in its form on the wire, with the current time. `in` is for frames that the device receives. */
  record(frame: Uint8Array, direction: 'in' | 'out'): void;
  /** Writes buffered frames, and ends the capture. */
  close(): void;
}
