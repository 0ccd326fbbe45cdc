import { hasTaps } from '@qvm/core/hooks';
import { isWide, machineCalls } from '@qvm/core/architecture';
import type { HypervisorCalls, MachineServices } from '@qvm/core/architecture';
import { Gpr } from '@qvm/isa-x86_64';
import type { Hypercalls, X86Vcpu } from '../vcpu/x86-vcpu.js';

/** Registers of the arguments, and of the results. */
const ARGUMENTS = [Gpr.RBX, Gpr.RCX, Gpr.RDX, Gpr.RSI, Gpr.RDI, Gpr.RBP] as const;
const RESULTS = [Gpr.RAX, Gpr.RBX, Gpr.RCX, Gpr.RDX] as const;

/**
 * VMCALL and VMMCALL at CPL 0: the function identifier is in EAX, arguments in RBX, RCX, RDX, RSI, RDI and RBP, results
 * from RAX on. The hook `hypercall` may answer anything; then the calls of the machine, docs/hypercalls.md.
 *
 * @experimental
 */
export class X86Hypercalls implements Hypercalls {
  /** The calls that vdevs and the host have added. */
  readonly calls: HypervisorCalls;

  constructor(services: MachineServices) {
    this.calls = machineCalls(services);
  }

  call(vcpu: X86Vcpu, conduit: 'vmcall' | 'vmmcall'): 'continue' {
    const { state, hooks } = vcpu;
    const { hypercall } = hooks;
    const functionId = state.gpr32(Gpr.RAX);
    const width = isWide(functionId) ? 64 : 32;
    const args = ARGUMENTS.map((register) => BigInt.asUintN(width, state.gpr(register)));
    const event = { vcpu, conduit, immediate: 0, functionId, args };
    const answer = hasTaps(hypercall) ? hypercall.call(event) : undefined;
    const results = (answer ?? this.calls.call(event)).slice(0, RESULTS.length);
    // Outside of 64-bit mode, registers have 32 bits.
    const bits = state.mode64 ? 64 : 32;
    results.forEach((value, n) => state.setGpr(RESULTS[n] as number, BigInt.asUintN(bits, value)));
    return 'continue';
  }
}
