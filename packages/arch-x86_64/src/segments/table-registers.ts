import { SegmentRegister, State, SystemOperation, Vector } from '@qvm/isa-x86_64';
import { BUSY, SystemType } from '../state/attributes.js';
import { isCanonical } from '../system/mmu.js';
import type { Core } from '../vcpu/core.js';
import type { Handlers } from '../vcpu/handlers.js';
import type { SystemOperands } from '../vcpu/operand.js';
import { next } from '../vcpu/outcome.js';
import { isCanonicalNumber, isNull } from './descriptor-tables.js';
import type { DescriptorTables } from './descriptor-tables.js';

const TABLE_INDICATOR = 4;
const BASE_OF_16_BITS = 0x00ff_ffff;

/**
 * LGDT, LIDT, SGDT, SIDT, LLDT, LTR, SLDT and STR (SDM vol. 3, 2.8.1).
 *
 * @experimental
 */
export class TableRegisters {
  constructor(
    private readonly core: Core,
    private readonly operands: SystemOperands,
    private readonly tables: DescriptorTables,
  ) {}

  /** By operation. */
  handlers(): Handlers {
    const Op = SystemOperation;
    return {
      [Op.Lgdt]: () => next(this.#load(State.gdtr)),
      [Op.Lidt]: () => next(this.#load(State.idtr)),
      [Op.Sgdt]: () => next(this.#store(State.gdtr)),
      [Op.Sidt]: () => next(this.#store(State.idtr)),
      [Op.Lldt]: () => next(this.#selector((selector) => this.loadLocalTable(selector))),
      [Op.Ltr]: () => next(this.#selector((selector) => this.loadTask(selector))),
      [Op.Sldt]: () => next(this.#storeSelector(SegmentRegister.LDTR)),
      [Op.Str]: () => next(this.#storeSelector(SegmentRegister.TR)),
    };
  }

  #load(register: number): boolean {
    const { core, operands } = this;
    const { state, memory, fault } = core;
    const wide = state.mode64;
    const bytes = wide ? 8 : 4;
    if (!operands.checkAddress(2 + bytes) || !memory.read(operands.address, 2)) return false;
    const limit = memory.lo;
    if (!memory.read(operands.address + 2, bytes)) return false;
    if (wide && !isCanonical(memory.hi)) return fault.protection();
    const lo = !wide && operands.size === 2 ? memory.lo & BASE_OF_16_BITS : memory.lo;
    state.setHalves(register, lo, memory.hi);
    state.setU32(register + 8, limit);
    return true;
  }

  #store(register: number): boolean {
    const { core, operands } = this;
    const { state, memory } = core;
    const bytes = state.mode64 ? 8 : 4;
    if (!operands.checkAddress(2 + bytes, 'write')) return false;
    if (!memory.probeWrite(operands.address, 2 + bytes)) return false;
    return (
      memory.write(operands.address, 2, state.u32(register + 8)) &&
      memory.write(operands.address + 2, bytes, state.u32(register), state.u32(register + 4))
    );
  }

  #selector(load: (selector: number) => boolean): boolean {
    const { core, operands } = this;
    if (core.state.realSegments) return core.fault.undefined();
    return operands.read(2) && load(core.memory.lo);
  }

  /** LLDT. */
  loadLocalTable(selector: number): boolean {
    const { state } = this.core;
    if (isNull(selector)) {
      state.setSegment(SegmentRegister.LDTR, selector, 0, 0, 0);
      return true;
    }
    return this.#find(selector, [SystemType.Ldt]) && this.#take(SegmentRegister.LDTR, selector);
  }

  /** LTR: marks the task busy. */
  loadTask(selector: number): boolean {
    const { state, fault } = this.core;
    const { tables } = this;
    if (isNull(selector)) return fault.protection();
    const types = state.longMode ? [SystemType.Tss] : [SystemType.Tss, SystemType.Tss16];
    if (!this.#find(selector, types)) return false;
    if (!tables.changeType(tables.found, 0, BUSY)) return false;
    tables.found.hi |= BUSY << 8;
    return this.#take(SegmentRegister.TR, selector);
  }

  #find(selector: number, types: readonly SystemType[]): boolean {
    const { state, fault } = this.core;
    const { tables } = this;
    if (selector & TABLE_INDICATOR) return fault.protection(selector);
    if (!tables.find(selector)) return false;
    if (tables.found.codeOrData || !types.includes(tables.found.type)) return fault.protection(selector);
    if (!this.#present(selector)) return false;
    if (!state.longMode) return true;
    return tables.widen() && (isCanonicalNumber(tables.found.wideBase) || fault.protection(selector));
  }

  #present(selector: number): boolean {
    return this.tables.found.present || this.core.fault.raise(Vector.NP, selector & 0xfffc);
  }

  #take(register: SegmentRegister, selector: number): boolean {
    const { state } = this.core;
    const { found } = this.tables;
    const base = state.longMode ? found.wideBase : found.base;
    state.setSegment(register, selector, base, found.limit, found.attributes);
    return true;
  }

  /** Memory gets 16 bits, a register all of its operand size. */
  #storeSelector(register: SegmentRegister): boolean {
    const { core, operands } = this;
    const { state, memory } = core;
    if (state.realSegments) return core.fault.undefined();
    const selector = state.selector(register);
    if (operands.inMemory) return operands.checkAddress(2, 'write') && memory.write(operands.address, 2, selector);
    operands.writeRegister(operands.rm, selector);
    return true;
  }
}
