/**
 * For authors of hook plugins: events, stages, taps, and factories of hooks.
 *
 * @module
 */

export {
  createBailHook,
  createBailHookMap,
  createSeriesHook,
  createSyncHook,
  createWaterfallHook,
} from '../hooks/hook-factory.js';
export { HookTapError } from '../hooks/hook-tap-error.js';
export type { HookKinds, KindDescriptions } from '../hooks/kinds.js';
export { STAGE_DEFAULT, STAGE_FALLBACK, STAGE_OBSERVE, STAGE_OVERRIDE } from '../hooks/stages.js';
export type {
  HookInterceptor,
  TapOptions,
  TapPlace,
  Tappable,
  TappableHook,
  TappableHookMap,
  TappableOf,
  TappableSeriesHook,
} from '../hooks/tappable.js';
export { hasTaps, tappable } from '../hooks/tappable.js';
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
} from '../hooks/vcpu-hooks.js';
export type {
  CodeModeEvent,
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
} from '../hooks/vm-hooks.js';
export type { VcpuView } from '../vcpu/vcpu-view.js';
export type { VirtualMapping } from '../vcpu/virtual-mapping.js';
