/**
 * The host's monotonic clock in whole nanoseconds, since an origin that differs from thread to thread
 * (`performance.timeOrigin`). Its resolution depends on the platform: about 5 µs in browsers.
 *
 * @experimental
 */
export function hostNanoseconds(): number {
  return Math.floor(performance.now() * 1e6);
}
