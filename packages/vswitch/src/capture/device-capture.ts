import type { CaptureSink } from './capture-sink.js';

/**
 * Records the frames of a device at a switch: all in its own capture, and those that it sends also in that of the
 * switch, which so has each frame once. Closing it leaves the capture of the switch open.
 */
export function deviceCapture(
  own: CaptureSink | undefined,
  ofSwitch: CaptureSink | undefined,
): CaptureSink | undefined {
  if (ofSwitch === undefined) return own;
  return {
    record: (frame, direction) => {
      own?.record(frame, direction);
      if (direction === 'out') ofSwitch.record(frame, direction);
    },
    close: () => own?.close(),
  };
}
