/**
 * Offsets of the registers of a VirtIO device over MMIO (VirtIO 1.2, section 4.2.2).
 *
 * @experimental
 */
export const VirtioMmio = {
  /** `virt` in ASCII, little-endian. */
  MagicValue: 0x000,
  /** Version of the register interface: 2. */
  Version: 0x004,
  /** Type of the device (section 5); 0 where there is none. */
  DeviceId: 0x008,
  /** Vendor of the device. */
  VendorId: 0x00c,
  /** 32 bits of the features that the device offers, as `DeviceFeaturesSel` selects. */
  DeviceFeatures: 0x010,
  /** Which 32 bits `DeviceFeatures` shows. */
  DeviceFeaturesSel: 0x014,
  /** 32 bits of the features that the driver takes, as `DriverFeaturesSel` selects. */
  DriverFeatures: 0x020,
  /** Which 32 bits `DriverFeatures` sets. */
  DriverFeaturesSel: 0x024,
  /** Index of the queue that the other `Queue` registers act on. */
  QueueSel: 0x030,
  /** Largest size of the queue in elements; 0: there is no such queue. */
  QueueNumMax: 0x034,
  /** Size of the queue that the driver uses. */
  QueueNum: 0x038,
  /** 1: the device may use the queue. */
  QueueReady: 0x044,
  /** Tells the device that a queue has new buffers. */
  QueueNotify: 0x050,
  /** Reasons of the interrupt: bit 0 used buffers, bit 1 a change of the configuration. */
  InterruptStatus: 0x060,
  /** Clears reasons of the interrupt. */
  InterruptAck: 0x064,
  /** The bits of {@link VirtioStatus}; writing 0 resets the device. */
  Status: 0x070,
  /** Address of the descriptor table, or of a packed ring: bits 31–0. */
  QueueDescLow: 0x080,
  /** Address of the descriptor table, or of a packed ring: bits 63–32. */
  QueueDescHigh: 0x084,
  /** Address of the available ring, or of the driver's event suppression: bits 31–0. */
  QueueDriverLow: 0x090,
  /** Address of the available ring, or of the driver's event suppression: bits 63–32. */
  QueueDriverHigh: 0x094,
  /** Address of the used ring, or of the device's event suppression: bits 31–0. */
  QueueDeviceLow: 0x0a0,
  /** Address of the used ring, or of the device's event suppression: bits 63–32. */
  QueueDeviceHigh: 0x0a4,
  /** Identifier of the shared-memory region that the other `Shm` registers show. */
  ShmSel: 0x0ac,
  /** Bytes of the region, bits 31–0; all ones: there is no such region. */
  ShmLenLow: 0x0b0,
  /** Bytes of the region, bits 63–32. */
  ShmLenHigh: 0x0b4,
  /** Guest-physical address of the region, bits 31–0. */
  ShmBaseLow: 0x0b8,
  /** Guest-physical address of the region, bits 63–32. */
  ShmBaseHigh: 0x0bc,
  /** Changes when the configuration changes: a driver reads it before and after. */
  ConfigGeneration: 0x0fc,
  /** First byte of the configuration, whose layout is that of the device type. */
  Config: 0x100,
} as const;

/**
 * Bits of the device status (section 2.1).
 *
 * @experimental
 */
export const VirtioStatus = {
  /** The driver has found the device. */
  Acknowledge: 1,
  /** The driver knows how to drive it. */
  Driver: 2,
  /** The driver is ready: the device works from now on. */
  DriverOk: 4,
  /** The driver has chosen its features; the device clears it when it refuses them. */
  FeaturesOk: 8,
  /** Set by the device: only a reset brings it back. */
  NeedsReset: 0x40,
  /** The driver has given up. */
  Failed: 0x80,
} as const;

/**
 * Feature bits of rings and transports, as masks (section 6).
 *
 * @experimental
 */
export const VirtioFeature = {
  /** `VIRTIO_F_INDIRECT_DESC`: descriptors may lead to tables of descriptors (section 2.7.5.3). */
  RingIndirectDesc: 1n << 28n,
  /** `VIRTIO_F_EVENT_IDX`: both sides say at which index they want to be notified (section 2.7.7). */
  RingEventIdx: 1n << 29n,
  /** `VIRTIO_F_VERSION_1`: no legacy interface (section 6.1). */
  Version1: 1n << 32n,
  /** `VIRTIO_F_RING_PACKED`: packed rings (section 2.8). */
  RingPacked: 1n << 34n,
} as const;
