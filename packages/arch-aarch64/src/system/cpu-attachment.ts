import { createToken } from '@qvm/core';
import type { Token } from '@qvm/core';

/**
 * A system register that lives in a vdev: a register of the GIC's CPU interface or of the generic timer.
 * A missing `read` or `write` makes that direction UNDEFINED to the guest.
 *
 * @experimental
 */
export interface SystemRegisterHandler {
  /** The value, unsigned, 64 bits. Absent: the register cannot be read. */
  read?(): bigint;
  /** `value` is unsigned, 64 bits. */
  write?(value: bigint): void;
}

/**
 * What architectural vdevs (interrupt controller, timer) see of a vCPU.
 *
 * @experimental
 */
export interface AttachedCpu {
  readonly index: number;
  /** MPIDR_EL1's affinity fields: Aff3 in bits 39–32, Aff2–Aff0 in bits 23–0. */
  readonly affinity: bigint;
  /** Drives the vCPU's IRQ input. */
  setIrq(level: boolean): void;
  /** Drives the vCPU's FIQ input. */
  setFiq(level: boolean): void;
  /** Tells the vCPU how to find out which INTID its inputs signal, for those that watch it. Startup only. */
  nameInterrupts(pending: () => number | undefined): void;
  /** Connects a register of the system register table by its manual name. Startup only. Throws when the name is not in the table. */
  attachRegister(name: string, handler: SystemRegisterHandler): void;
}

/**
 * The vCPUs of an AArch64 machine, for vdevs that are part of the processor.
 *
 * @experimental
 */
export const AARCH64_CPUS: Token<readonly AttachedCpu[]> = createToken('@qvm/arch-aarch64/Cpus');
