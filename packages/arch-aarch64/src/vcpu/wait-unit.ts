import { VcpuExit } from '@qvm/core/architecture';
import type { EngineVcpu } from '@qvm/engine';
import { Sctlr } from '../system/mmu.js';
import { ExceptionClass, syndrome } from '../system/syndrome.js';
import { Sys } from './aarch64-state.js';
import type { Aarch64State } from './aarch64-state.js';
import type { ExceptionDelivery } from './exception-delivery.js';
import type { InterruptInputs } from './interrupt-inputs.js';

/** ISS of a trapped WFI or WFE: condition AL, valid. */
const WFX_ISS = (1 << 24) | (0xe << 20);
const WFE = 1;

/**
 * Waits of a vCPU: WFI, WFE and the event register (Arm ARM D1.6).
 *
 * @experimental
 */
export class WaitUnit {
  /** The event register. */
  event = false;

  constructor(
    private readonly vcpu: EngineVcpu<Aarch64State>,
    private readonly inputs: InterruptInputs,
    private readonly delivery: ExceptionDelivery,
  ) {}

  reset(): void {
    this.event = false;
  }

  waitForInterrupt(): VcpuExit | undefined {
    if (this.#trapped(Sctlr.nTWI)) {
      this.delivery.synchronous(ExceptionClass.WfxTrap, WFX_ISS, 'wfi');
      return undefined;
    }
    this.vcpu.next();
    if (this.inputs.raised) return undefined;
    return this.vcpu.control.halt('wfi', syndrome(ExceptionClass.WfxTrap, WFX_ISS));
  }

  waitForEvent(): VcpuExit | undefined {
    if (this.#trapped(Sctlr.nTWE)) {
      this.delivery.synchronous(ExceptionClass.WfxTrap, WFX_ISS | WFE, 'wfe');
      return undefined;
    }
    this.vcpu.next();
    if (this.event) {
      this.event = false;
      return undefined;
    }
    // The event stream, another vCPU's store or SEV ends the wait; giving up the turn is enough.
    return this.vcpu.control.leave('wfe', syndrome(ExceptionClass.WfxTrap, WFX_ISS | WFE), VcpuExit.Yield);
  }

  /** SEV of any vCPU: sets the event register and ends a wait. */
  signal(): void {
    this.event = true;
    this.vcpu.control.wake();
  }

  /** SEVL: sets the event register of this vCPU only. */
  signalLocal(): void {
    this.event = true;
  }

  /** Whether EL1 traps the wait at EL0. */
  #trapped(enable: Sctlr): boolean {
    const { state } = this.vcpu;
    return state.el === 0 && !(state.u32(Sys.SCTLR_EL1) & enable);
  }
}
