import { State, SystemOperation, Vector } from '@qvm/isa-x86_64';
import { Cr0, Cr4 } from '../state/control-bits.js';
import type { Core } from '../vcpu/core.js';
import type { Handlers } from '../vcpu/handlers.js';
import type { SystemOperands } from '../vcpu/operand.js';
import { next } from '../vcpu/outcome.js';
import { LEGACY_BYTES, LegacyArea } from './legacy-area.js';

const ALIGNMENT = 16;
const ERROR_SUMMARY = 0x80;

/**
 * FXSAVE, FXRSTOR and FWAIT (SDM vol. 1, 10.5; vol. 2).
 *
 * @experimental
 */
export class FxState {
  readonly #area: LegacyArea;

  constructor(
    private readonly core: Core,
    private readonly operands: SystemOperands,
  ) {
    this.#area = new LegacyArea(core);
  }

  /** By operation. */
  handlers(): Handlers {
    const Op = SystemOperation;
    return {
      [Op.Fxsave]: () => next(this.#ready('write') && this.#save()),
      [Op.Fxrstor]: () => next(this.#ready('read') && this.#restore()),
      [Op.Fwait]: () => next(this.#wait()),
    };
  }

  #ready(access: 'read' | 'write'): boolean {
    const { state, fault } = this.core;
    if (state.u32(State.cr0) & (Cr0.EM | Cr0.TS)) return fault.raise(Vector.NM);
    if (!this.operands.checkAddress(LEGACY_BYTES, access)) return false;
    const offset = this.operands.address & (ALIGNMENT - 1);
    // Which of the two is up to the processor (SDM vol. 2, FXSAVE): as AMD's do.
    if (offset & 3 && state.u32(State.alignmentCheck)) return fault.raise(Vector.AC, 0);
    return offset === 0 || fault.protection();
  }

  /** FWAIT: an unmasked exception that is pending. */
  #wait(): boolean {
    const { state, fault } = this.core;
    const switched = Cr0.MP | Cr0.TS;
    if ((state.u32(State.cr0) & switched) === Number(switched)) return fault.raise(Vector.NM);
    return (state.u32(State.fsw) & ERROR_SUMMARY) === 0 || fault.raise(Vector.MF);
  }

  /** Whether the XMM registers are part of the area. */
  get #hasVectors(): boolean {
    return (this.core.state.u32(State.cr4) & Cr4.OSFXSR) !== 0;
  }

  #save(): boolean {
    const { operands } = this;
    const { address } = operands;
    if (!this.core.memory.probeWrite(address, LEGACY_BYTES)) return false;
    this.#area.saveX87(address, operands.size === 8);
    this.#area.saveMxcsr(address);
    if (this.#hasVectors) this.#area.saveVectors(address);
    return true;
  }

  #restore(): boolean {
    const { core, operands } = this;
    const { address } = operands;
    // All bytes can be read before anything changes.
    if (!core.memory.read(address + LEGACY_BYTES - 8, 8) || !this.#area.checkMxcsr(address)) return false;
    this.#area.restoreX87(address, operands.size === 8);
    if (this.#hasVectors) {
      this.#area.restoreMxcsr(address);
      this.#area.restoreVectors(address);
    }
    return true;
  }
}
