/**
 * Services that hosts provide to vdevs: disks, networks, displays, shared memory, host devices.
 *
 * @module
 */

export type { BlockProcedure, BlockStep } from '../block/block-procedure.js';
export { perform, performSync } from '../block/block-procedure.js';
export type { BlockBackend, BlockOpenOptions, BlockOperations, BlockStore } from '../block/block.js';
export { BLOCK_SECTOR, BLOCK_STORE } from '../block/block.js';
export type { CharacterBackend, TerminalSize } from '../console/character-backend.js';
export { BOOT_SCREEN } from '../display/boot-screen.js';
export type { BootScreen } from '../display/boot-screen.js';
export type { Display, DisplayImage, InputDevices } from '../display/display.js';
export { DISPLAY, INPUT_DEVICES } from '../display/display.js';
export type { FirmwareConfiguration, FirmwareFile } from '../firmware/firmware-configuration.js';
export { FW_CFG } from '../firmware/firmware-configuration.js';
export type {
  DeviceBus,
  DmaAccess,
  HostDevice,
  HostDeviceClaim,
  HostDeviceOwner,
  HostDeviceRegion,
  HostDeviceRegistry,
  HostDeviceState,
  OpenHostDevice,
} from '../host-device/host-device.js';
export { HOST_DEVICE, HOST_DEVICE_REGISTRY } from '../host-device/host-device.js';
export type { HypercallFunction, HypercallRegistry } from '../hypercall/hypercall.js';
export { HYPERCALLS, HypercallStatus } from '../hypercall/hypercall.js';
export type { MemorySource } from '../memory/memory-pool.js';
export { MEMORY_SOURCE, MemoryPool } from '../memory/memory-pool.js';
export type { MemoryShare, MemorySlice } from '../memory/memory-slice.js';
export type { RamReservation, RamReservations } from '../memory/ram-reservations.js';
export { RAM_RESERVATIONS } from '../memory/ram-reservations.js';
export type { FrameOffload, OffloadSet } from '../network/frame-offload.js';
export { ALL_OFFLOADS, NO_OFFLOADS } from '../network/frame-offload.js';
export { MAC_BYTES, formatMac, isGroupMac, isStationMac, macAt, parseMac } from '../network/mac-address.js';
export type {
  FrameListener,
  NetworkCounters,
  NetworkDeviceInfo,
  NetworkFabric,
  NetworkPort,
  VlanSet,
} from '../network/network.js';
export { MAXIMUM_FRAME, MINIMUM_FRAME, NETWORK_FABRIC } from '../network/network.js';
export type { MachinePower } from '../power/machine-power.js';
export { MACHINE_POWER } from '../power/machine-power.js';
export type { PowerButton } from '../power/power-button.js';
export { POWER_BUTTON } from '../power/power-button.js';
export type {
  SharedMemoryAttachment,
  SharedMemoryHold,
  SharedMemoryInfo,
  SharedMemoryOwner,
  SharedMemoryRegistry,
} from '../shared-memory/shared-memory.js';
export { SHARED_MEMORY, SHARED_MEMORY_CLIENTS, SHARED_MEMORY_NAME_BYTES } from '../shared-memory/shared-memory.js';
