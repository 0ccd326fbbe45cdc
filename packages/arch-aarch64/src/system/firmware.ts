import { hasTaps, HypercallStatus } from '@qvm/core';
import type { HypercallResult, MachineServices } from '@qvm/core';
import type { Aarch64Vcpu, Firmware } from '../vcpu/aarch64-vcpu.js';
import { ArchitectureCalls } from './smccc/architecture-calls.js';
import type { CallOutcome, CallOwner } from './smccc/call-owner.js';
import { Owner, parseFunctionId } from './smccc/function-id.js';
import { HypervisorCalls } from './smccc/hypervisor-calls.js';
import { addMachineCalls } from './smccc/machine-calls.js';
import { Psci } from './smccc/psci.js';

/** Result registers of a call: X0 to X3 (SMCCC DEN0028 2.6, version 1.1). */
const RESULTS = 4;
const ARGUMENTS = [1, 2, 3, 4, 5, 6];

/**
 * The firmware and the hypervisor that HVC and SMC reach by the SMC Calling Convention 1.1 (DEN0028), after the `hypercall`
 * hook had its turn.
 *
 * @experimental
 */
export class SmcccFirmware implements Firmware {
  /** What vdevs and the host add to. */
  readonly hypervisorCalls = new HypervisorCalls();
  readonly #owners: ReadonlyMap<number, CallOwner>;

  constructor(services: MachineServices, vcpus: () => readonly Aarch64Vcpu[]) {
    addMachineCalls(this.hypervisorCalls, services);
    this.#owners = new Map<number, CallOwner>([
      [Owner.Architecture, new ArchitectureCalls()],
      [Owner.Standard, new Psci(services, vcpus)],
      [Owner.Hypervisor, this.hypervisorCalls],
    ]);
  }

  call(vcpu: Aarch64Vcpu, conduit: 'hvc' | 'smc', immediate: number): 'continue' | 'stop' {
    const id = Number(vcpu.state.x(0) & 0xffff_ffffn);
    const outcome = this.#hook(vcpu, conduit, immediate, id) ?? this.#perform(vcpu, conduit, immediate, id);
    if (outcome === 'stop') return 'stop';
    const results = typeof outcome === 'number' ? [BigInt(outcome)] : outcome.slice(0, RESULTS);
    results.forEach((value, n) => vcpu.state.setX(n, BigInt.asUintN(64, value)));
    return 'continue';
  }

  #hook(vcpu: Aarch64Vcpu, conduit: 'hvc' | 'smc', immediate: number, functionId: number): HypercallResult | undefined {
    const { hypercall } = vcpu.hooks;
    if (!hasTaps(hypercall)) return undefined;
    const args = ARGUMENTS.map((n) => vcpu.state.x(n));
    return hypercall.call({ vcpu, conduit, immediate, functionId, args });
  }

  #perform(vcpu: Aarch64Vcpu, conduit: 'hvc' | 'smc', immediate: number, id: number): CallOutcome {
    // The calling convention is for immediate 0 (DEN0028 2.9).
    const parsed = immediate === 0 ? parseFunctionId(id) : undefined;
    const owner = parsed === undefined ? undefined : this.#owners.get(parsed.owner);
    if (parsed === undefined || owner?.has(parsed) !== true) return HypercallStatus.NotSupported;
    return owner.call({ vcpu, conduit, id, function: parsed });
  }
}
