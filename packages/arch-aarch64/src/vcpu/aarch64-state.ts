import type { VmMemory } from '@qvm/core/architecture';
import { CpuState } from '@qvm/engine';
import { A64_GEOMETRY, FlagKind, State, registerNamed } from '@qvm/isa-aarch64';
import { recordPlanOf } from '@qvm/jit';

const PLAN = recordPlanOf(A64_GEOMETRY);

/** Storage of the registers that the engine itself uses, by name. */
const offsetOf = (name: string): number => registerNamed(name).offset;

/**
 * Offsets of system registers that the engine reads and writes.
 *
 * @experimental
 */
export const Sys = {
  SCTLR_EL1: offsetOf('SCTLR_EL1'),
  CPACR_EL1: offsetOf('CPACR_EL1'),
  TTBR0_EL1: offsetOf('TTBR0_EL1'),
  TTBR1_EL1: offsetOf('TTBR1_EL1'),
  TCR_EL1: offsetOf('TCR_EL1'),
  MAIR_EL1: offsetOf('MAIR_EL1'),
  ESR_EL1: offsetOf('ESR_EL1'),
  FAR_EL1: offsetOf('FAR_EL1'),
  PAR_EL1: offsetOf('PAR_EL1'),
  VBAR_EL1: offsetOf('VBAR_EL1'),
  ELR_EL1: offsetOf('ELR_EL1'),
  SPSR_EL1: offsetOf('SPSR_EL1'),
  SP_EL0: offsetOf('SP_EL0'),
  SP_EL1: offsetOf('SP_EL1'),
  MDSCR_EL1: offsetOf('MDSCR_EL1'),
  CONTEXTIDR_EL1: offsetOf('CONTEXTIDR_EL1'),
  CNTKCTL_EL1: offsetOf('CNTKCTL_EL1'),
  CSSELR_EL1: offsetOf('CSSELR_EL1'),
} as const;

/**
 * The state of one AArch64 vCPU.
 *
 * @experimental
 */
export class Aarch64State extends CpuState {
  /** Bytes that {@link Aarch64State.allocate} takes: bounce buffer and state. */
  static readonly bytes = CpuState.bytesFor(State.end);

  /** Allocates a vCPU's state in a VM's memory, with its bounce buffer below it. */
  static allocate(memory: VmMemory): Aarch64State {
    return new Aarch64State(memory, CpuState.place(memory, State.end), PLAN);
  }

  x(n: number): bigint {
    return n === 31 ? 0n : this.u64(State.x + n * 8);
  }

  setX(n: number, value: bigint): void {
    if (n !== 31) this.setU64(State.x + n * 8, value);
  }

  get el(): number {
    return this.u32(State.el);
  }

  /** NZCV as a number 0–15. */
  get nzcv(): number {
    const kind = this.u32(State.flagKind) as FlagKind;
    const xLo = this.u32(State.flagX);
    if (kind === FlagKind.Packed) return xLo & 15;
    const xHi = this.u32(State.flagX + 4);
    const yLo = this.u32(State.flagY);
    const yHi = this.u32(State.flagY + 4);
    // x − y is x + ¬y + 1.
    const subtracts = kind === FlagKind.Sub;
    const addLo = subtracts ? ~yLo >>> 0 : yLo;
    const addHi = subtracts ? ~yHi >>> 0 : yHi;
    const low = xLo + addLo + (subtracts ? 1 : 0);
    const high = xHi + addHi + (low > 0xffff_ffff ? 1 : 0);
    const overflow = ((xHi ^ high) & (addHi ^ high)) >>> 31;
    const isZero = (low | 0) === 0 && (high | 0) === 0;
    return ((high & 0x8000_0000) >>> 28) | (isZero ? 4 : 0) | (high > 0xffff_ffff ? 2 : 0) | overflow;
  }

  set nzcv(value: number) {
    this.setU32(State.flagKind, FlagKind.Packed);
    this.setU32(State.flagX, value & 15);
    this.setU32(State.flagX + 4, 0);
  }

  /** Sets all bytes to zero. */
  clear(): void {
    this.memory.u8.fill(0, this.address, this.address + State.end);
    this.setU64(State.monitorAddress, 0xffff_ffff_ffff_ffffn);
  }
}
