import { QvmError } from '@qvm/core';
import type { MachineServices } from '@qvm/core/architecture';
import type { VirtualMapping } from '@qvm/core/hooks';
import type { FetchUnit } from '@qvm/engine';
import { State } from '@qvm/isa-aarch64';
import { Mmu } from '../system/mmu.js';
import type { Aarch64State } from './aarch64-state.js';
import type { ExceptionUnit } from './exceptions.js';

/** General registers that have a name of their own: X0 to X30. */
const GENERAL_REGISTERS = 31;

/**
 * A debugger's view of a vCPU: registers by name, and virtual memory as the guest's tables map it now, without the
 * vCPU's TLB.
 *
 * @experimental
 */
export class CpuView {
  constructor(
    private readonly services: Pick<MachineServices, 'memory' | 'map'>,
    private readonly state: Aarch64State,
    private readonly fetch: FetchUnit,
    private readonly exceptions: ExceptionUnit,
  ) {}

  /** `x0` to `x30`, `sp`, `pc` and `pstate`. */
  registers(): Readonly<Record<string, bigint>> {
    const all: Record<string, bigint> = {};
    for (let n = 0; n < GENERAL_REGISTERS; n++) all[`x${n}`] = this.state.x(n);
    all.sp = this.state.u64(State.sp);
    all.pc = this.fetch.pc;
    all.pstate = BigInt(this.exceptions.pstate());
    return all;
  }

  /** Writes `x0` to `x30`, `sp` or `pc`. Throws `QvmError` `vcpu.register` for other names. */
  setRegister(name: string, value: bigint): void {
    const general = /^x(\d+)$/.exec(name);
    if (general && Number(general[1]) < GENERAL_REGISTERS)
      this.state.setX(Number(general[1]), BigInt.asUintN(64, value));
    else if (name === 'sp') this.state.setU64(State.sp, BigInt.asUintN(64, value));
    else if (name === 'pc') this.fetch.jump(BigInt.asUintN(64, value));
    else
      throw new QvmError(
        'vcpu.register',
        `An AArch64 vCPU has no register ${name} to write: x0 to x30, sp and pc are there.`,
      );
  }

  /** The mapped ranges, at most `limit`. */
  mappings(limit: number): readonly VirtualMapping[] {
    return this.#tables().mappings(limit);
  }

  /** Translates a virtual address to a guest-physical one, for a read by EL1: stage 1 of EL1&0. */
  translate(virtualAddress: bigint): number | undefined {
    const mmu = this.#tables();
    const va = BigInt.asUintN(64, virtualAddress);
    const mapped = mmu.translate(Number(va & 0xffff_ffffn), Number(va >> 32n), 'read', true);
    return mapped ? mmu.physical : undefined;
  }

  #tables(): Mmu {
    const mmu = new Mmu(this.services.memory, this.services.map, this.state);
    mmu.refresh();
    return mmu;
  }
}
