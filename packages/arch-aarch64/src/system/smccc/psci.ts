import type { MachineServices } from '@qvm/core';
import type { Aarch64Vcpu } from '../../vcpu/aarch64-vcpu.js';
import { presence, wordArgument } from './call-owner.js';
import type { CallOutcome, CallOwner, SmcccCall } from './call-owner.js';
import { Owner, parseFunctionId } from './function-id.js';
import type { FunctionId } from './function-id.js';

/** Return codes (PSCI DEN0022 5.2.2). */
enum PsciStatus {
  Success = 0,
  NotSupported = -1,
  InvalidParameters = -2,
  AlreadyOn = -4,
  InvalidAddress = -9,
}

/** Function numbers (PSCI DEN0022 5.1). */
enum PsciCall {
  Version = 0x0,
  CpuSuspend = 0x1,
  CpuOff = 0x2,
  CpuOn = 0x3,
  AffinityInfo = 0x4,
  MigrateInfoType = 0x6,
  SystemOff = 0x8,
  SystemReset = 0x9,
  Features = 0xa,
  SystemReset2 = 0x12,
}

/** Calls that have a 64-bit form. */
const WIDE_CALLS: ReadonlySet<number> = new Set([
  PsciCall.CpuSuspend,
  PsciCall.CpuOn,
  PsciCall.AffinityInfo,
  PsciCall.SystemReset2,
]);
const PSCI_1_1 = 0x1_0001;
const MIGRATION_NOT_REQUIRED = 2;
/** Affinity states. */
const AFFINITY_ON = 0;
const AFFINITY_OFF = 1;
/** Bits of X1 that name a vCPU: Aff3 and Aff2–Aff0. */
const AFFINITY = 0xff_00ff_ffffn;

/**
 * Power State Coordination Interface 1.1 (DEN0022).
 *
 * @experimental
 */
export class Psci implements CallOwner {
  constructor(
    private readonly services: MachineServices,
    private readonly vcpus: () => readonly Aarch64Vcpu[],
  ) {}

  has({ number, wide }: FunctionId): boolean {
    return number in PsciCall && (!wide || WIDE_CALLS.has(number));
  }

  call({ vcpu, function: { number } }: SmcccCall): CallOutcome {
    switch (number as PsciCall) {
      case PsciCall.Version:
        return PSCI_1_1;
      case PsciCall.Features:
        return this.#features(vcpu);
      case PsciCall.MigrateInfoType:
        return MIGRATION_NOT_REQUIRED;
      case PsciCall.CpuSuspend:
        // Standby: the guest looks for the interrupt itself after an early wake-up.
        vcpu.waitForInterrupt();
        return PsciStatus.Success;
      case PsciCall.CpuOff:
        vcpu.turnOff();
        return 'stop';
      case PsciCall.CpuOn:
        return this.#cpuOn(vcpu);
      case PsciCall.AffinityInfo:
        return this.#affinityInfo(vcpu);
      case PsciCall.SystemOff:
        return this.#request(vcpu, 'poweroff');
      case PsciCall.SystemReset:
      case PsciCall.SystemReset2:
        return this.#request(vcpu, 'reset');
    }
  }

  #request(vcpu: Aarch64Vcpu, kind: 'poweroff' | 'reset'): 'stop' {
    this.services.request({ kind });
    vcpu.stop();
    return 'stop';
  }

  /** PSCI_FEATURES, which also says whether there is SMCCC_VERSION. */
  #features(vcpu: Aarch64Vcpu): number {
    const queried = parseFunctionId(wordArgument(vcpu, 1));
    if (queried?.owner === (Owner.Architecture as number)) return presence(queried.number === 0 && !queried.wide);
    return presence(queried?.owner === (Owner.Standard as number) && this.has(queried));
  }

  #target(vcpu: Aarch64Vcpu): Aarch64Vcpu | undefined {
    const affinity = vcpu.state.x(1);
    return (affinity & ~AFFINITY) === 0n ? this.vcpus().find((v) => v.affinity === affinity) : undefined;
  }

  #cpuOn(vcpu: Aarch64Vcpu): PsciStatus {
    const target = this.#target(vcpu);
    if (!target) return PsciStatus.InvalidParameters;
    if (target.on) return PsciStatus.AlreadyOn;
    const entry = vcpu.state.x(2);
    if (this.services.map.find(Number(entry))?.kind !== 'ram') return PsciStatus.InvalidAddress;
    const context = vcpu.state.x(3);
    target.reset();
    target.start(entry, context);
    return PsciStatus.Success;
  }

  #affinityInfo(vcpu: Aarch64Vcpu): number {
    const target = this.#target(vcpu);
    if (!target || vcpu.state.x(2) !== 0n) return PsciStatus.InvalidParameters;
    return target.on ? AFFINITY_ON : AFFINITY_OFF;
  }
}
