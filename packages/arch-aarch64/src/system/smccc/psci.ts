import { Owner, queriedFunction } from '@qvm/core/architecture';
import type { FunctionId } from '@qvm/core/architecture';
import { PHYSICAL_ADDRESS_LIMIT } from '@qvm/core/architecture';
import type { MachineServices } from '@qvm/core/architecture';
import type { Aarch64Vcpu } from '../../vcpu/aarch64-vcpu.js';
import { presence } from './call-owner.js';
import type { CallArguments, CallOutcome, CallOwner, SmcccCall } from './call-owner.js';

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
/** Bits of CPU_SUSPEND's power_state in the original format, without the StateID and StateType of level 0 (5.4.2). */
const RESERVED_POWER_STATE = 0xfffe_0000n;
/** The one architectural reset type of SYSTEM_RESET2; vendor-specific types have bit 31 set (5.12). */
const SYSTEM_WARM_RESET = 0n;
const INSTRUCTION_BYTES = 4n;
/** Kinds of memory that instructions can be fetched from. */
const EXECUTABLE: ReadonlySet<string | undefined> = new Set(['ram', 'rom']);

/** An argument that is a `uint32` in both forms of its call. */
const word = (argument: bigint): bigint => BigInt.asUintN(32, argument);

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

  call({ vcpu, function: { number }, args }: SmcccCall): CallOutcome {
    switch (number as PsciCall) {
      case PsciCall.Version:
        return PSCI_1_1;
      case PsciCall.Features:
        return this.#features(args);
      case PsciCall.MigrateInfoType:
        return MIGRATION_NOT_REQUIRED;
      case PsciCall.CpuSuspend:
        return suspend(vcpu, args);
      case PsciCall.CpuOff:
        vcpu.control.turnOff();
        return 'stop';
      case PsciCall.CpuOn:
        return this.#cpuOn(args);
      case PsciCall.AffinityInfo:
        return this.#affinityInfo(args);
      case PsciCall.SystemOff:
        return this.#request(vcpu, 'poweroff');
      case PsciCall.SystemReset2:
        return word(args[0]) === SYSTEM_WARM_RESET ? this.#request(vcpu, 'reset') : PsciStatus.InvalidParameters;
      case PsciCall.SystemReset:
        return this.#request(vcpu, 'reset');
    }
  }

  #request(vcpu: Aarch64Vcpu, kind: 'poweroff' | 'reset'): 'stop' {
    this.services.request({ kind });
    vcpu.control.stop();
    return 'stop';
  }

  /** PSCI_FEATURES, which also tells whether SMCCC_VERSION exists. */
  #features([queriedId]: CallArguments): number {
    const queried = queriedFunction(queriedId);
    if (queried?.owner === (Owner.Architecture as number)) return presence(queried.number === 0 && !queried.wide);
    return presence(queried?.owner === (Owner.Standard as number) && this.has(queried));
  }

  /** The vCPU with an affinity. Reserved bits must be 0. */
  #target(affinity: bigint): Aarch64Vcpu | undefined {
    return this.vcpus().find((vcpu) => vcpu.affinity === affinity);
  }

  #cpuOn([affinity, entry, context]: CallArguments): PsciStatus {
    const target = this.#target(affinity);
    if (!target) return PsciStatus.InvalidParameters;
    if (target.on) return PsciStatus.AlreadyOn;
    if (!this.#holdsCode(entry)) return PsciStatus.InvalidAddress;
    target.reset();
    target.start(entry, context);
    return PsciStatus.Success;
  }

  /** Whether an instruction can be fetched from a guest-physical address. */
  #holdsCode(entry: bigint): boolean {
    if (entry % INSTRUCTION_BYTES !== 0n || entry >= BigInt(PHYSICAL_ADDRESS_LIMIT)) return false;
    return EXECUTABLE.has(this.services.map.find(Number(entry))?.kind);
  }

  /** AFFINITY_INFO. From PSCI 1.0 on, only level 0 has to be answered (5.7). */
  #affinityInfo([affinity, lowestLevel]: CallArguments): number {
    const target = this.#target(affinity);
    if (!target || word(lowestLevel) !== 0n) return PsciStatus.InvalidParameters;
    return target.on ? AFFINITY_ON : AFFINITY_OFF;
  }
}

/**
 * Enters standby, also for power-down requests (5.4.2): after an early wake-up, the guest looks for the interrupt
 * itself.
 */
function suspend(vcpu: Aarch64Vcpu, [powerState]: CallArguments): PsciStatus {
  if ((word(powerState) & RESERVED_POWER_STATE) !== 0n) return PsciStatus.InvalidParameters;
  vcpu.waitForInterrupt();
  return PsciStatus.Success;
}
