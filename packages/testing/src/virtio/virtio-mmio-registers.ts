/**
 * Offsets of the registers of a VirtIO device over MMIO (VirtIO 1.2, section 4.2.2).
 *
 * @experimental
 */
export const VirtioMmio = {
  MagicValue: 0x000,
  Version: 0x004,
  DeviceId: 0x008,
  VendorId: 0x00c,
  DeviceFeatures: 0x010,
  DeviceFeaturesSel: 0x014,
  DriverFeatures: 0x020,
  DriverFeaturesSel: 0x024,
  QueueSel: 0x030,
  QueueNumMax: 0x034,
  QueueNum: 0x038,
  QueueReady: 0x044,
  QueueNotify: 0x050,
  InterruptStatus: 0x060,
  InterruptAck: 0x064,
  Status: 0x070,
  QueueDescLow: 0x080,
  QueueDescHigh: 0x084,
  QueueDriverLow: 0x090,
  QueueDriverHigh: 0x094,
  QueueDeviceLow: 0x0a0,
  QueueDeviceHigh: 0x0a4,
  ShmSel: 0x0ac,
  ShmLenLow: 0x0b0,
  ShmLenHigh: 0x0b4,
  ShmBaseLow: 0x0b8,
  ShmBaseHigh: 0x0bc,
  ConfigGeneration: 0x0fc,
  Config: 0x100,
} as const;

/**
 * Bits of the device status (section 2.1).
 *
 * @experimental
 */
export const VirtioStatus = {
  Acknowledge: 1,
  Driver: 2,
  DriverOk: 4,
  FeaturesOk: 8,
  NeedsReset: 0x40,
  Failed: 0x80,
} as const;

/**
 * Feature bits of rings and transports, as masks (section 6).
 *
 * @experimental
 */
export const VirtioFeature = {
  RingIndirectDesc: 1n << 28n,
  RingEventIdx: 1n << 29n,
  Version1: 1n << 32n,
  RingPacked: 1n << 34n,
} as const;
