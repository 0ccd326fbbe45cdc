/** Bits of the device status (VirtIO 1.2, section 2.1). */
export const STATUS_ACKNOWLEDGE = 1 << 0;
export const STATUS_DRIVER = 1 << 1;
export const STATUS_DRIVER_OK = 1 << 2;
export const STATUS_FEATURES_OK = 1 << 3;
export const STATUS_NEEDS_RESET = 1 << 6;
export const STATUS_FAILED = 1 << 7;

/** Bits that a driver may set. */
export const STATUS_DRIVER_BITS =
  STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK | STATUS_FEATURES_OK | STATUS_FAILED;

const NAMES: readonly (readonly [number, string])[] = [
  [STATUS_ACKNOWLEDGE, 'ACKNOWLEDGE'],
  [STATUS_DRIVER, 'DRIVER'],
  [STATUS_FEATURES_OK, 'FEATURES_OK'],
  [STATUS_DRIVER_OK, 'DRIVER_OK'],
  [STATUS_NEEDS_RESET, 'DEVICE_NEEDS_RESET'],
  [STATUS_FAILED, 'FAILED'],
];

/** The names of the bits that are set. */
export function statusNames(status: number): readonly string[] {
  return NAMES.filter(([bit]) => (status & bit) !== 0).map(([, name]) => name);
}
