export { apic, APIC_BUS, ApicBus, ApicRequest, ioapic, isApicMsr, LocalApic, pic } from './apic/index.js';
export type { ApicFeatures, ApicVcpu, EndOfInterruptListener, ExternalController } from './apic/index.js';
export { x86_64, x86_64Plugin, x86Architecture } from './architecture.js';
export {
  applyInitialState,
  bootGuest,
  BootSelector,
  loadGuest,
  longState,
  MemoryType,
  planGuest,
  protectedState,
  readImage,
  RESET_STATE,
} from './boot/index.js';
export type {
  BootPlan,
  EntryProtocol,
  InitialSegment,
  InitialState,
  LoadedSegment,
  MemoryMapEntry,
  X86Image,
} from './boot/index.js';
export { X86_HOOK_KINDS, x86Hooks } from './hook-kinds.js';
export type { X86ExitCause, X86InterruptKind, X86TrapKind, X86VcpuHooks } from './hook-kinds.js';
export { X86Machine } from './machine.js';
export type { BootProcedure, X86MachineOptions } from './machine.js';
export { defaultModel, X86_PROCESSORS, x86Model, x86ModelOf } from './system/cpu-model.js';
export type { Signature, X86Model } from './system/cpu-model.js';
export type { FeatureName } from './system/features.js';
export { X86Vcpu } from './vcpu/x86-vcpu.js';
