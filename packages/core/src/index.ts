export type {
  Architecture,
  BootFile,
  BootRequest,
  Engine,
  Machine,
  MachineServices,
  VmRequest,
} from './architecture/architecture.js';
export type { BlockBackend, BlockOpenOptions, BlockStore } from './block/block.js';
export { BLOCK_STORE } from './block/block.js';
export type { Clock, ClockTimer } from './clock/clock.js';
export { InstructionClock } from './clock/instruction-clock.js';
export { RealTimeClock } from './clock/real-time-clock.js';
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
export {
  createBailHook,
  createBailHookMap,
  createSeriesHook,
  createSyncHook,
  createWaterfallHook,
} from './hooks/hook-factory.js';
export { HookTapError } from './hooks/hook-tap-error.js';
export { STAGE_DEFAULT, STAGE_FALLBACK, STAGE_OBSERVE, STAGE_OVERRIDE } from './hooks/stages.js';
export type {
  Disposable,
  Tappable,
  TappableHook,
  TappableHookMap,
  TappableOf,
  TappableSeriesHook,
  TapOptions,
} from './hooks/tappable.js';
export { hasTaps, tappable } from './hooks/tappable.js';
export type {
  GuestExitEvent,
  HypercallEvent,
  HypercallResult,
  InterruptTakenEvent,
  MemoryFaultEvent,
  TrapAnswer,
  TrapEvent,
  TrapKind,
  VcpuHooks,
  VcpuState,
  VcpuStateEvent,
} from './hooks/vcpu-hooks.js';
export { createVcpuHooks } from './hooks/vcpu-hooks.js';
export type {
  GuestResetEvent,
  InterruptEvent,
  UnmappedAccessAnswer,
  UnmappedAccessEvent,
  VcpuCreatedEvent,
  VdevFailedEvent,
  VmEvent,
  VmHooks,
  VmStateEvent,
  VmStoppedEvent,
} from './hooks/vm-hooks.js';
export { createVmHooks } from './hooks/vm-hooks.js';
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
export type { AccessWidth, MmioHandler, MmioRegion, RamRegion, Region, ReservedRegion } from './memory/region.js';
export { VmMemory } from './memory/vm-memory.js';
export type { NetworkCounters, NetworkDeviceInfo, NetworkFabric, NetworkPort } from './network/network.js';
export { MAXIMUM_FRAME, NETWORK_FABRIC } from './network/network.js';
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
export { createToken } from './plugin/token.js';
export type { Vcpu } from './vcpu/vcpu.js';
export { VcpuExit } from './vcpu/vcpu.js';
export type { OptionSpec, OptionValue, OptionValues } from './vdev/option-spec.js';
export type {
  DeviceTreeContext,
  InterruptRequest,
  Json,
  MmioRequest,
  Vdev,
  VdevContext,
  VdevFactory,
  VdevResources,
} from './vdev/vdev.js';
export type { StepResult } from './vm/step-result.js';
export { VdevError } from './vm/vdev-error.js';
export type { VdevInstance } from './vm/vdev-instance.js';
export type { VdevPlacement } from './vm/vdev-placement.js';
export type { BootFiles } from './vm/vm.js';
export { Vm } from './vm/vm.js';
export type { VmExit } from './vm/vm-exit.js';
export { VmExitCode } from './vm/vm-exit.js';
export type { CharacterBackendOpener, ClockSpec, RamSpec, VdevSpec, VmOptions } from './vm/vm-options.js';
export type { VmState, VmVerb } from './vm/vm-state.js';
export { nextVmState, VmLifecycle } from './vm/vm-state.js';
export type { VcpuStats, VmStats } from './vm/vm-stats.js';
