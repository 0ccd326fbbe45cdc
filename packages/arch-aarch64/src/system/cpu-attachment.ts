import { createToken } from '@qvm/core';
import type { Token } from '@qvm/core';

/**
 * A system register that a vdev implements: a register of the GIC's CPU interface or of the generic timer. An access
 * in the direction of a missing `read` or `write` is UNDEFINED for the guest.
 *
 * @experimental
 */
export interface SystemRegisterHandler {
  /** Returns the value, unsigned, 64 bits. Absent: the register cannot be read. */
  read?(): bigint;
  /** `value` is unsigned, 64 bits. */
  write?(value: bigint): void;
}

/**
 * The part of a vCPU that architectural vdevs (interrupt controller, timer) use.
 *
 * @experimental
 */
export interface AttachedCpu {
  /** Index of the vCPU in its VM, from 0. */
  readonly index: number;
  /** MPIDR_EL1's affinity fields: Aff3 in bits 39–32, Aff2–Aff0 in bits 23–0. */
  readonly affinity: bigint;
  /** Drives the vCPU's IRQ input. */
  setIrq(level: boolean): void;
  /** Drives the vCPU's FIQ input. */
  setFiq(level: boolean): void;
  /** Sets the function that tells which INTID the vCPU's inputs signal, for observers of interrupts. Startup only. */
  nameInterrupts(pending: () => number | undefined): void;
  /**
   * Connects a register of the system register table, by its name in the manual. Startup only. Throws if the table has
   * no such name.
   */
  attachRegister(name: string, handler: SystemRegisterHandler): void;
}

/**
 * The vCPUs of an AArch64 machine, for vdevs that are part of the processor.
 *
 * @experimental
 */
export const AARCH64_CPUS: Token<readonly AttachedCpu[]> = createToken('@qvm/arch-aarch64/Cpus');
