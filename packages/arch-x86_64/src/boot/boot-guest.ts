import type { BootRequest, MachineServices } from '@qvm/core/architecture';
import type { X86Vcpu } from '../vcpu/x86-vcpu.js';
import { applyInitialState } from './apply-state.js';
import type { InitialState } from './initial-state.js';
import { loadGuest } from './load-guest.js';

/**
 * Loads a guest.
 *
 * @returns turns the bootstrap vCPU on: at the reset vector for firmware, otherwise in the state of the boot protocol, with
 * its local APIC as firmware hands it over. The other vCPUs wait for their start-up messages.
 * @throws as `planGuest`.
 * @experimental
 */
export async function bootGuest(request: BootRequest, services: MachineServices, vcpu: X86Vcpu): Promise<() => void> {
  const processors = Array.from({ length: services.vcpus }, (_, apicId) => ({ apicId }));
  const initial = await loadGuest(request, services, processors);
  return () => begin(vcpu, initial);
}

function begin(vcpu: X86Vcpu, initial: InitialState): void {
  if (initial.mode === 'reset') {
    vcpu.startAtReset();
    return;
  }
  applyInitialState(vcpu.state, initial);
  vcpu.apic.startVirtualWire();
  vcpu.stateChanged();
  vcpu.start();
  vcpu.processor.core.jump(initial.entry);
}
