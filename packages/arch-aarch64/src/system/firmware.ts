import { hasTaps } from '@qvm/core';
import type { HypercallResult, MachineServices } from '@qvm/core';
import type { Aarch64Vcpu, Firmware } from '../vcpu/aarch64-vcpu.js';

/** Return codes of PSCI (DEN0022) and the SMC Calling Convention (DEN0028). */
const SUCCESS = 0;
const NOT_SUPPORTED = -1;
const INVALID_PARAMETERS = -2;
const ALREADY_ON = -4;
const INVALID_ADDRESS = -9;

/** Function identifiers without the 32/64-bit selector (bit 30). */
enum Call {
  SmcccVersion = 0x8000_0000,
  SmcccArchFeatures = 0x8000_0001,
  PsciVersion = 0x8400_0000,
  CpuSuspend = 0x8400_0001,
  CpuOff = 0x8400_0002,
  CpuOn = 0x8400_0003,
  AffinityInfo = 0x8400_0004,
  MigrateInfoType = 0x8400_0006,
  SystemOff = 0x8400_0008,
  SystemReset = 0x8400_0009,
  PsciFeatures = 0x8400_000a,
  SystemReset2 = 0x8400_0012,
}

const SMC64 = 0x4000_0000;
/** Calls that have a 64-bit form. */
const WIDE_CALLS = new Set<Call>([Call.CpuSuspend, Call.CpuOn, Call.AffinityInfo, Call.SystemReset2]);
const PSCI_1_1 = 0x1_0001;
const SMCCC_1_1 = 0x1_0001;
const MIGRATION_NOT_REQUIRED = 2;

/** Bits of X1 that name a vCPU: Aff3 and Aff2–Aff0. */
const AFFINITY = 0xff_00ff_ffffn;

/**
 * The firmware that HVC and SMC reach: PSCI 1.1 and SMCCC discovery, after the `hypercall` hook had its turn.
 *
 * @experimental
 */
export class PsciFirmware implements Firmware {
  constructor(
    private readonly services: MachineServices,
    private readonly vcpus: () => readonly Aarch64Vcpu[],
  ) {}

  call(vcpu: Aarch64Vcpu, conduit: 'hvc' | 'smc', immediate: number): 'continue' | 'stop' {
    const functionId = Number(vcpu.state.x(0) & 0xffff_ffffn);
    const answered = this.#hook(vcpu, conduit, immediate, functionId);
    if (answered) {
      answered.slice(0, 4).forEach((value, n) => vcpu.state.setX(n, BigInt.asUintN(64, value)));
      return 'continue';
    }
    // The calling convention is for immediate 0 (DEN0028 2.9).
    if (immediate !== 0) return this.#answer(vcpu, NOT_SUPPORTED);
    return this.#perform(vcpu, functionId);
  }

  #hook(vcpu: Aarch64Vcpu, conduit: 'hvc' | 'smc', immediate: number, functionId: number): HypercallResult | undefined {
    const { hypercall } = vcpu.hooks;
    if (!hasTaps(hypercall)) return undefined;
    const args = [1, 2, 3, 4, 5, 6].map((n) => vcpu.state.x(n));
    return hypercall.call({ vcpu, conduit, immediate, functionId, args });
  }

  #perform(vcpu: Aarch64Vcpu, functionId: number): 'continue' | 'stop' {
    const call = (functionId & ~SMC64) >>> 0;
    if (functionId & SMC64 && !WIDE_CALLS.has(call)) return this.#answer(vcpu, NOT_SUPPORTED);
    switch (call as Call) {
      case Call.SmcccVersion:
        return this.#answer(vcpu, SMCCC_1_1);
      case Call.SmcccArchFeatures:
        return this.#answer(vcpu, this.#archFeature(vcpu));
      case Call.PsciVersion:
        return this.#answer(vcpu, PSCI_1_1);
      case Call.PsciFeatures:
        return this.#answer(vcpu, this.#feature(vcpu));
      case Call.MigrateInfoType:
        return this.#answer(vcpu, MIGRATION_NOT_REQUIRED);
      case Call.CpuSuspend:
        // Standby: the guest looks for the interrupt itself after an early wake-up.
        vcpu.waitForInterrupt();
        return this.#answer(vcpu, SUCCESS);
      case Call.CpuOff:
        vcpu.turnOff();
        return 'stop';
      case Call.CpuOn:
        return this.#answer(vcpu, this.#cpuOn(vcpu));
      case Call.AffinityInfo:
        return this.#answer(vcpu, this.#affinityInfo(vcpu));
      case Call.SystemOff:
        return this.#request(vcpu, 'poweroff');
      case Call.SystemReset:
      case Call.SystemReset2:
        return this.#request(vcpu, 'reset');
      default:
        return this.#answer(vcpu, NOT_SUPPORTED);
    }
  }

  #request(vcpu: Aarch64Vcpu, kind: 'poweroff' | 'reset'): 'stop' {
    this.services.request({ kind });
    vcpu.stop();
    return 'stop';
  }

  #archFeature(vcpu: Aarch64Vcpu): number {
    const queried = Number(vcpu.state.x(1) & 0xffff_ffffn);
    return queried === (Call.SmcccVersion as number) || queried === (Call.SmcccArchFeatures as number)
      ? SUCCESS
      : NOT_SUPPORTED;
  }

  #feature(vcpu: Aarch64Vcpu): number {
    const queried = Number(vcpu.state.x(1) & 0xffff_ffffn);
    const call = ((queried & ~SMC64) >>> 0) as Call;
    const known = Object.values(Call).includes(call) && call !== Call.SmcccArchFeatures;
    return known && (!(queried & SMC64) || WIDE_CALLS.has(call)) ? SUCCESS : NOT_SUPPORTED;
  }

  #target(vcpu: Aarch64Vcpu): Aarch64Vcpu | undefined {
    const affinity = vcpu.state.x(1);
    return (affinity & ~AFFINITY) === 0n ? this.vcpus().find((v) => v.affinity === affinity) : undefined;
  }

  #cpuOn(vcpu: Aarch64Vcpu): number {
    const target = this.#target(vcpu);
    if (!target) return INVALID_PARAMETERS;
    if (target.on) return ALREADY_ON;
    const entry = vcpu.state.x(2);
    if (this.services.map.find(Number(entry))?.kind !== 'ram') return INVALID_ADDRESS;
    const context = vcpu.state.x(3);
    target.reset();
    target.start(entry, context);
    return SUCCESS;
  }

  #affinityInfo(vcpu: Aarch64Vcpu): number {
    const target = this.#target(vcpu);
    if (!target || vcpu.state.x(2) !== 0n) return INVALID_PARAMETERS;
    return target.on ? 0 : 1;
  }

  #answer(vcpu: Aarch64Vcpu, value: number): 'continue' {
    vcpu.state.setX(0, BigInt.asUintN(64, BigInt(value)));
    return 'continue';
  }
}
