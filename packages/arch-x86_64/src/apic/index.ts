export { APIC_BUS, ApicBus } from './apic-bus.js';
export type { EndOfInterruptListener, ExternalController } from './apic-bus.js';
export type { ApicFeatures } from './local/apic-base.js';
export { isApicMsr, LocalApic } from './local/local-apic.js';
export { ApicRequest } from './vcpu.js';
export type { ApicVcpu } from './vcpu.js';
export { apic } from './local/type.js';
export { ioapic } from './io/type.js';
export { pic } from './pic/type.js';
