export type {
  Architecture,
  BootFile,
  BootRequest,
  DataFile,
  Engine,
  Machine,
  MachineServices,
  VmRequest,
} from './architecture/architecture.js';
export type { BlockBackend, BlockOpenOptions, BlockOperations, BlockStore } from './block/block.js';
export { BLOCK_SECTOR, BLOCK_STORE } from './block/block.js';
export type { BlockProcedure, BlockStep } from './block/block-procedure.js';
export { perform, performSync } from './block/block-procedure.js';
export type { Clock, ClockTimer } from './clock/clock.js';
export { hostNanoseconds } from './clock/host-time.js';
export { InstructionClock } from './clock/instruction-clock.js';
export { RealTimeClock } from './clock/real-time-clock.js';
export type { TimerDelayTotals } from './clock/timer-delays.js';
export { TimerQueue } from './clock/timer-queue.js';
export type { VmClock } from './clock/vm-clock.js';
export type { CharacterBackend } from './console/character-backend.js';
export type { DeviceTreeNode, DeviceTreeValue } from './devicetree/device-tree.js';
export {
  cellsOf,
  editNode,
  findNode,
  putChild,
  removeChildren,
  setProperty,
  textsOf,
} from './devicetree/device-tree-edit.js';
export { DeviceTreeError, readDeviceTree, readMemoryReservations } from './devicetree/read-device-tree.js';
export type { DeviceTreeOptions, MemoryReservation } from './devicetree/write-device-tree.js';
export { writeDeviceTree } from './devicetree/write-device-tree.js';
export type { Display, DisplayImage, InputDevices } from './display/display.js';
export { DISPLAY, INPUT_DEVICES } from './display/display.js';
export { QvmError } from './errors/qvm-error.js';
export type { FirmwareConfiguration, FirmwareFile } from './firmware/firmware-configuration.js';
export { FW_CFG } from './firmware/firmware-configuration.js';
export {
  createBailHook,
  createBailHookMap,
  createSeriesHook,
  createSyncHook,
  createWaterfallHook,
} from './hooks/hook-factory.js';
export type { HookKinds, KindDescriptions } from './hooks/kinds.js';
export { HookTapError } from './hooks/hook-tap-error.js';
export { STAGE_DEFAULT, STAGE_FALLBACK, STAGE_OBSERVE, STAGE_OVERRIDE } from './hooks/stages.js';
export type {
  Disposable,
  HookInterceptor,
  Tappable,
  TappableHook,
  TappableHookMap,
  TappableOf,
  TappableSeriesHook,
  TapOptions,
  TapPlace,
} from './hooks/tappable.js';
export { hasTaps, tappable } from './hooks/tappable.js';
export type {
  DeviceAccessDetails,
  GuestExitEvent,
  HypercallEvent,
  HypercallResult,
  InterruptTakenEvent,
  MemoryFaultEvent,
  TrapAnswer,
  TrapEvent,
  VcpuHooks,
  VcpuState,
  VcpuStateEvent,
} from './hooks/vcpu-hooks.js';
export { createVcpuHooks } from './hooks/vcpu-hooks.js';
export type {
  CodeTranslatedEvent,
  GuestResetEvent,
  InterruptEvent,
  TimerEvent,
  UnmappedAccessAnswer,
  UnmappedAccessEvent,
  VcpuCreatedEvent,
  VdevFailedEvent,
  VmEvent,
  VmHooks,
  VmStateEvent,
  VmStepEvent,
  VmStoppedEvent,
} from './hooks/vm-hooks.js';
export { createVmHooks } from './hooks/vm-hooks.js';
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
} from './host-device/host-device.js';
export { HOST_DEVICE, HOST_DEVICE_REGISTRY } from './host-device/host-device.js';
export type { InterruptController, InterruptLine, InterruptWiring } from './interrupt/interrupt.js';
export { INTERRUPT_WIRING } from './interrupt/interrupt.js';
export type { InterruptStatistics } from './interrupt/interrupt-bus.js';
export { InterruptBus } from './interrupt/interrupt-bus.js';
export type { ElfProgram, ElfSegment } from './loader/elf64.js';
export { ElfMachine, isElf, readElf64 } from './loader/elf64.js';
export { gunzip, isGzip } from './loader/gunzip.js';
export type { ImageProblem } from './loader/image-error.js';
export { ImageError } from './loader/image-error.js';
export type { Logger, LogLevel } from './log/logger.js';
export { silentLogger } from './log/logger.js';
export { formatRange, PHYSICAL_ADDRESS_LIMIT } from './memory/address-range.js';
export type { GuestMemory } from './memory/guest-memory.js';
export { GuestMemoryError } from './memory/guest-memory-error.js';
export { GuestPhysicalMap } from './memory/guest-physical-map.js';
export type { PhysicalMap } from './memory/physical-map.js';
export { RamGuestMemory } from './memory/ram-guest-memory.js';
export type { RamReservation, RamReservations } from './memory/ram-reservations.js';
export { RAM_RESERVATIONS } from './memory/ram-reservations.js';
export type {
  AccessWidth,
  MmioHandler,
  MmioRegion,
  RamRegion,
  MemoryRegion,
  ReservedRegion,
} from './memory/memory-region.js';
export { MappedWindow } from './memory/mapped-window.js';
export type { MemorySource } from './memory/memory-pool.js';
export { MEMORY_SOURCE, MemoryPool } from './memory/memory-pool.js';
export type { MemoryShare, MemorySlice } from './memory/memory-slice.js';
export type { MemoryWindow } from './memory/memory-window.js';
export { VmMemory } from './memory/vm-memory.js';
export type { FrameOffload, OffloadSet } from './network/frame-offload.js';
export { ALL_OFFLOADS, NO_OFFLOADS } from './network/frame-offload.js';
export type {
  FrameListener,
  NetworkCounters,
  NetworkDeviceInfo,
  NetworkFabric,
  NetworkPort,
  VlanSet,
} from './network/network.js';
export { MAXIMUM_FRAME, MINIMUM_FRAME, NETWORK_FABRIC } from './network/network.js';
export type { HookPlugin, PluginVm, Provider, QvmPlugin, Resolver } from './plugin/plugin.js';
export {
  ARCHITECTURE,
  HOOK_PLUGIN,
  PLUGIN_API_VERSION,
  provide,
  requireCompatible,
  VDEV_FACTORY,
} from './plugin/plugin.js';
export type { Token } from './plugin/token.js';
export type { PowerButton } from './power/power-button.js';
export { POWER_BUTTON } from './power/power-button.js';
export { createToken } from './plugin/token.js';
export type { ExitTotals } from './vcpu/guest-exits.js';
export { GuestExits } from './vcpu/guest-exits.js';
export type { Vcpu } from './vcpu/vcpu.js';
export type { VcpuView } from './vcpu/vcpu-view.js';
export { VcpuExit } from './vcpu/vcpu.js';
export type {
  SharedMemoryAttachment,
  SharedMemoryHold,
  SharedMemoryInfo,
  SharedMemoryOwner,
  SharedMemoryRegistry,
} from './shared-memory/shared-memory.js';
export { SHARED_MEMORY, SHARED_MEMORY_CLIENTS, SHARED_MEMORY_NAME_BYTES } from './shared-memory/shared-memory.js';
export type { OptionSpec, OptionValue, OptionValues } from './vdev/option-spec.js';
export { RegisterBlock } from './vdev/register-block.js';
export type { RegisterValues } from './vdev/register-block.js';
export { isStored, registerMask, registersToMarkdown } from './vdev/register-layout.js';
export type { RegisterLayout, RegisterSpec } from './vdev/register-layout.js';
export type {
  DeviceTreeContext,
  InterruptRequest,
  Json,
  MmioRequest,
  Vdev,
  VdevContext,
  VdevFactory,
  VdevFile,
  VdevResources,
  WindowRequest,
  VdevSlots,
} from './vdev/vdev.js';
export {
  requireBoolean,
  requireObject,
  requireUnsigned,
  requireUnsignedArray,
  requireVersion,
  VdevStateError,
} from './vdev/vdev-state.js';
export type { StepResult } from './vm/step-result.js';
export { DEFAULT_UNSUPPORTED } from './vm/unsupported.js';
export type { UnsupportedKind, UnsupportedPolicies, UnsupportedPolicy } from './vm/unsupported.js';
export { HYPERCALLS, HypercallStatus } from './hypercall/hypercall.js';
export type { HypercallFunction, HypercallRegistry } from './hypercall/hypercall.js';
export { VdevError } from './vm/vdev-error.js';
export type { VdevSnapshot } from './vm/save-vdevs.js';
export type { VdevInstance } from './vm/vdev-instance.js';
export type { VdevPlacement } from './vm/vdev-placement.js';
export type { BootFiles } from './vm/vm.js';
export { Vm } from './vm/vm.js';
export type { VmExit } from './vm/vm-exit.js';
export { VmExitCode } from './vm/vm-exit.js';
export type { CharacterBackendOpener, ClockSpec, RamSpec, ReserveSpec, VdevSpec, VmOptions } from './vm/vm-options.js';
export type { VmState, VmVerb } from './vm/vm-state.js';
export { nextVmState, VmLifecycle } from './vm/vm-state.js';
export type { VcpuStats, VmStats } from './vm/vm-stats.js';
