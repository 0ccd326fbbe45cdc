import { State, SystemOperation } from '@qvm/isa-x86_64';
import { Cr4 } from '../state/control-bits.js';
import type { Core } from '../vcpu/core.js';
import type { Handlers } from '../vcpu/handlers.js';
import type { SystemOperands } from '../vcpu/operand.js';
import { next, Outcome } from '../vcpu/outcome.js';
import { isCanonical } from './mmu.js';
import type { TlbBanks } from './tlb-banks.js';

const PCID_MASK = 0xfff;

/** Types of INVPCID (SDM vol. 2). */
enum Invalidation {
  Address,
  Context,
  AllWithGlobals,
  All,
}

/**
 * INVLPG and INVPCID (SDM vol. 3, 4.10.4.1), and the cache instructions, which do nothing: caches are coherent and
 * transparent.
 *
 * @experimental
 */
export class TlbInstructions {
  constructor(
    private readonly core: Core,
    private readonly operands: SystemOperands,
    private readonly banks: TlbBanks,
  ) {}

  /** By operation. */
  handlers(): Handlers {
    const Op = SystemOperation;
    return {
      [Op.Invlpg]: () => this.#page(),
      [Op.Invpcid]: () => next(this.#context()),
      [Op.Invd]: () => Outcome.Next,
      [Op.Wbinvd]: () => Outcome.Next,
    };
  }

  /** An address that is not canonical has no translations. */
  #page(): Outcome {
    const { state } = this.core;
    this.banks.flushPage(state.u32(State.operandAddress), state.u32(State.operandAddress + 4));
    return Outcome.Next;
  }

  #context(): boolean {
    const { core, operands, banks } = this;
    const { state, memory, fault } = core;
    const at = State.gpr + operands.reg * 8;
    const type = state.u32(at);
    if (!operands.checkAddress(16) || !memory.read(operands.address, 8)) return false;
    const { lo: pcid, hi } = memory;
    if (!memory.read(operands.address + 8, 8)) return false;
    const isLarge = state.mode64 && state.u32(at + 4) !== 0;
    if (isLarge || type > Number(Invalidation.All) || hi !== 0 || pcid & ~PCID_MASK) return fault.protection();
    const one = type <= Number(Invalidation.Context);
    if (one && pcid !== 0 && !(state.u32(State.cr4) & Cr4.PCIDE)) return fault.protection();
    if (type === Number(Invalidation.Address)) {
      if (!isCanonical(memory.hi)) return fault.protection();
      banks.flushPage(memory.lo, memory.hi);
    } else if (type === Number(Invalidation.Context)) banks.flushContext(pcid);
    else banks.flushAll();
    return true;
  }
}
