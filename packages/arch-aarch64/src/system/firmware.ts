import { hasTaps } from '@qvm/core/hooks';
import { HypercallStatus } from '@qvm/core/services';
import { isWide, machineCalls, Owner, parseFunctionId } from '@qvm/core/architecture';
import type { HypervisorCalls, MachineServices } from '@qvm/core/architecture';
import type { HypercallEvent, HypercallResult } from '@qvm/core/hooks';
import type { Aarch64Vcpu, Firmware } from '../vcpu/aarch64-vcpu.js';
import { ArchitectureCalls } from './smccc/architecture-calls.js';
import { callArguments } from './smccc/call-owner.js';
import type { CallArguments, CallOutcome, CallOwner } from './smccc/call-owner.js';
import { Psci } from './smccc/psci.js';

/** Result registers of a call: X0 to X3 (SMCCC DEN0028 2.6, version 1.1). */
const RESULTS = 4;

/**
 * The firmware and hypervisor services that HVC and SMC reach by the SMC Calling Convention 1.1 (DEN0028), after the
 * hook
 * `hypercall`.
 *
 * @experimental
 */
export class SmcccFirmware implements Firmware {
  /** The calls that vdevs and the host have added. */
  readonly hypervisorCalls: HypervisorCalls;
  readonly #owners: ReadonlyMap<number, CallOwner>;

  constructor(services: MachineServices, vcpus: () => readonly Aarch64Vcpu[]) {
    this.hypervisorCalls = machineCalls(services);
    this.#owners = new Map<number, CallOwner>([
      [Owner.Architecture, new ArchitectureCalls()],
      [Owner.Standard, new Psci(services, vcpus)],
    ]);
  }

  call(vcpu: Aarch64Vcpu, conduit: 'hvc' | 'smc', immediate: number): 'continue' | 'stop' {
    const functionId = Number(vcpu.state.x(0) & 0xffff_ffffn);
    // The calling convention, and with it the 32-bit form, applies to immediate 0 only (DEN0028 2.9).
    const args = callArguments(vcpu, immediate !== 0 || isWide(functionId));
    const event = { vcpu, conduit, immediate, functionId, args };
    const outcome = this.#hook(event) ?? this.#perform(event);
    if (outcome === 'stop') return 'stop';
    const results = typeof outcome === 'number' ? [BigInt(outcome)] : outcome.slice(0, RESULTS);
    results.forEach((value, n) => vcpu.state.setX(n, BigInt.asUintN(64, value)));
    return 'continue';
  }

  #hook(event: FirmwareCall): HypercallResult | undefined {
    const { hypercall } = event.vcpu.hooks;
    return hasTaps(hypercall) ? hypercall.call(event) : undefined;
  }

  #perform({ vcpu, conduit, immediate, functionId: id, args }: FirmwareCall): CallOutcome {
    const parsed = immediate === 0 ? parseFunctionId(id) : undefined;
    if (parsed?.owner === Number(Owner.Hypervisor))
      return this.hypervisorCalls.call({ vcpu, conduit, immediate, functionId: id, args });
    const owner = parsed === undefined ? undefined : this.#owners.get(parsed.owner);
    if (parsed === undefined || owner?.has(parsed) !== true) return HypercallStatus.NotSupported;
    return owner.call({ vcpu, conduit, id, function: parsed, args });
  }
}

/** HVC or SMC, in the form of the hook's event. */
interface FirmwareCall extends HypercallEvent {
  readonly conduit: 'hvc' | 'smc';
  readonly vcpu: Aarch64Vcpu;
  readonly args: CallArguments;
}
