import { hasTaps } from '@qvm/core/hooks';
import { HypercallStatus } from '@qvm/core/services';
import { Gpr } from '@qvm/isa-x86_64';
import type { Hypercalls, X86Vcpu } from '../vcpu/x86-vcpu.js';

/** Registers of the arguments, and of the results. */
const ARGUMENTS = [Gpr.RBX, Gpr.RCX, Gpr.RDX, Gpr.RSI, Gpr.RDI, Gpr.RBP] as const;
const RESULTS = [Gpr.RAX, Gpr.RBX, Gpr.RCX, Gpr.RDX] as const;

/**
 * VMCALL and VMMCALL at CPL 0: the function is in EAX, arguments in RBX, RCX, RDX, RSI, RDI and RBP, results from RAX
 * on. A call that the hook `hypercall` does not answer is not supported.
 *
 * @experimental
 */
export const hypercalls: Hypercalls = {
  call(vcpu: X86Vcpu, conduit: 'vmcall' | 'vmmcall'): 'continue' | 'stop' {
    const { state, hooks } = vcpu;
    const { hypercall } = hooks;
    const args = ARGUMENTS.map((register) => state.gpr(register));
    const event = { vcpu, conduit, immediate: 0, functionId: state.gpr32(Gpr.RAX), args };
    const answer = hasTaps(hypercall) ? hypercall.call(event) : undefined;
    const results = answer ?? [BigInt(HypercallStatus.NotSupported)];
    results.slice(0, RESULTS.length).forEach((value, n) => state.setGpr(RESULTS[n] as number, value));
    return 'continue';
  },
};
