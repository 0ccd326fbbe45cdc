import type { FunctionId } from '@qvm/core/architecture';
import { Owner, queriedFunction } from '@qvm/core/architecture';
import { HypercallStatus } from '@qvm/core/services';
import { presence } from './call-owner.js';
import type { CallOutcome, CallOwner, SmcccCall } from './call-owner.js';

/** Numbers of the Arm Architecture Calls (SMCCC DEN0028 7). */
enum ArchitectureCall {
  Version = 0,
  ArchFeatures = 1,
}

const SMCCC_1_1 = 0x1_0001;

/**
 * SMCCC_VERSION and SMCCC_ARCH_FEATURES. Workarounds for errata are not needed and not offered.
 *
 * @experimental
 */
export class ArchitectureCalls implements CallOwner {
  has({ number, wide }: FunctionId): boolean {
    return !wide && number in ArchitectureCall;
  }

  call({ function: { number }, args: [queriedId] }: SmcccCall): CallOutcome {
    if (number === (ArchitectureCall.Version as number)) return SMCCC_1_1;
    const queried = queriedFunction(queriedId);
    return queried?.owner === (Owner.Architecture as number)
      ? presence(this.has(queried))
      : HypercallStatus.NotSupported;
  }
}
