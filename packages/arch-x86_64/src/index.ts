export { apic, APIC_BUS, ApicBus, ApicRequest, ioapic, isApicMsr, LocalApic, pic } from './apic/index.js';
export type { ApicFeatures, ApicVcpu, EndOfInterruptListener, ExternalController } from './apic/index.js';
export { x86_64 } from './architecture.js';
