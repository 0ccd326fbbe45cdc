import { Gpr, State, SystemOperation, Vector } from '@qvm/isa-x86_64';
import { Cr0, Cr4 } from '../state/control-bits.js';
import type { Core } from '../vcpu/core.js';
import type { Handlers } from '../vcpu/handlers.js';
import type { SystemOperands } from '../vcpu/operand.js';
import { next } from '../vcpu/outcome.js';
import type { FeatureName } from './features.js';
import { clearRegisters, LegacyArea, restoreRegisters, saveRegisters } from './legacy-area.js';

/** The components of the state, as bits of XCR0 (SDM vol. 1, 13.1). @experimental */
export enum Component {
  X87 = 1,
  Sse = 2,
  /** The upper halves of the YMM registers. */
  Avx = 4,
}

/** Offset and size of the component AVX in an area, also in a compacted one: there is no other before it. @experimental */
export const [AVX_OFFSET, AVX_BYTES] = [576, 256];
/** The header after the area of FXSAVE (SDM vol. 1, 13.4.2). */
const Header = { offset: 512, bytes: 64, compaction: 8, reserved: 16 } as const;
/** XCOMP_BV[63]: the area is compacted. */
const COMPACTED = 0x8000_0000;
const ALIGNMENT = 64;

/** The components that a processor with these features has. @experimental */
export const supportedComponents = (features: ReadonlySet<FeatureName>): number =>
  Component.X87 | Component.Sse | (features.has('avx') ? Component.Avx : 0);

/** Size of an area with these components. @experimental */
export const areaBytes = (components: number): number =>
  components & Component.Avx ? AVX_OFFSET + AVX_BYTES : AVX_OFFSET;

/** How an instruction saves the state. */
interface Saving {
  /** Components that have their initial values are not written. */
  readonly skipsInitial: boolean;
  readonly compacts: boolean;
}

/**
 * XGETBV, XSETBV, XSAVE, XSAVEOPT, XSAVEC and XRSTOR (SDM vol. 1, chapter 13).
 *
 * @experimental
 */
export class ExtendedState {
  readonly #area: LegacyArea;
  readonly #supported: number;

  constructor(
    private readonly core: Core,
    private readonly operands: SystemOperands,
    features: ReadonlySet<FeatureName>,
  ) {
    this.#area = new LegacyArea(core);
    this.#supported = supportedComponents(features);
  }

  /** By operation. */
  handlers(): Handlers {
    const Op = SystemOperation;
    return {
      [Op.Xgetbv]: () => next(this.#enabled() && this.#getComponents()),
      [Op.Xsetbv]: () => next(this.#enabled() && this.#setComponents()),
      [Op.Xsave]: () => next(this.#save({ skipsInitial: false, compacts: false })),
      [Op.Xsaveopt]: () => next(this.#save({ skipsInitial: true, compacts: false })),
      [Op.Xsavec]: () => next(this.#save({ skipsInitial: true, compacts: true })),
      [Op.Xrstor]: () => next(this.#restore()),
    };
  }

  #enabled(): boolean {
    return (this.core.state.u32(State.cr4) & Cr4.OSXSAVE) !== 0 || this.core.fault.undefined();
  }

  #getComponents(): boolean {
    const { state, fault } = this.core;
    const register = state.gpr32(Gpr.RCX);
    if (register > 1) return fault.protection();
    const enabled = state.u32(State.xcr0);
    state.setGpr32(Gpr.RAX, register === 0 ? enabled : enabled & this.#inUse());
    state.setGpr32(Gpr.RDX, 0);
    return true;
  }

  #setComponents(): boolean {
    const { state, fault, controls } = this.core;
    const components = state.gpr32(Gpr.RAX);
    const isValid =
      state.gpr32(Gpr.RCX) === 0 &&
      state.gpr32(Gpr.RDX) === 0 &&
      (components & ~this.#supported) === 0 &&
      (components & Component.X87) !== 0 &&
      (!(components & Component.Avx) || (components & Component.Sse) !== 0);
    if (!isValid) return fault.protection();
    state.setHalves(State.xcr0, components, 0);
    controls.refresh();
    return true;
  }

  /** Number of vector registers that exist in the mode. */
  get #vectors(): number {
    return this.core.state.mode64 ? 16 : 8;
  }

  /** Components that may have other than initial values: only of AVX it is found out. */
  #inUse(): number {
    const { state } = this.core;
    let any = 0;
    for (let at = 0; at < AVX_BYTES; at += 4) any |= state.u32(State.vectorHigh + at);
    return Component.X87 | Component.Sse | (any === 0 ? 0 : Component.Avx);
  }

  /** The components that an instruction asks for: RFBM. */
  get #requested(): number {
    const { state } = this.core;
    return state.u32(State.xcr0) & state.gpr32(Gpr.RAX);
  }

  #ready(access: 'read' | 'write'): boolean {
    const { state, fault } = this.core;
    if (!this.#enabled()) return false;
    if (state.u32(State.cr0) & Cr0.TS) return fault.raise(Vector.NM);
    if (!this.operands.checkAddress(areaBytes(this.#requested), access)) return false;
    return (this.operands.address & (ALIGNMENT - 1)) === 0 || fault.protection();
  }

  #save({ skipsInitial, compacts }: Saving): boolean {
    if (!this.#ready('write')) return false;
    const { core, operands } = this;
    const { address } = operands;
    const requested = this.#requested;
    const used = requested & this.#inUse();
    const saved = skipsInitial ? used : requested;
    const header = address + Header.offset;
    if (!core.memory.probeWrite(address, areaBytes(requested))) return false;
    if (!compacts && !core.memory.read(header, 4)) return false;
    const others = compacts ? 0 : core.memory.lo & ~requested;
    if (saved & Component.X87) this.#area.saveX87(address, operands.size === 8);
    if (saved & (compacts ? Component.Sse : Component.Sse | Component.Avx)) this.#area.saveMxcsr(address);
    if (saved & Component.Sse) this.#area.saveVectors(address);
    if (saved & Component.Avx) saveRegisters(core, address + AVX_OFFSET, State.vectorHigh, this.#vectors);
    core.memory.write(header, 4, others | used);
    if (compacts) core.memory.write(header + Header.compaction, 8, requested, COMPACTED);
    return true;
  }

  #restore(): boolean {
    if (!this.#ready('read')) return false;
    const { core, operands } = this;
    const { memory } = core;
    const { address } = operands;
    const header = address + Header.offset;
    if (!memory.read(header, 8)) return false;
    const [present, presentHigh] = [memory.lo, memory.hi];
    if (!memory.read(header + Header.compaction, 8)) return false;
    const [compaction, compactionHigh] = [memory.lo, memory.hi];
    const compacted = compactionHigh === COMPACTED;
    const enabled = core.state.u32(State.xcr0);
    const isValid = compacted
      ? (compaction & ~enabled) === 0 && (present & ~compaction) === 0
      : compaction === 0 && compactionHigh === 0 && (present & ~enabled) === 0;
    if (!isValid || presentHigh !== 0) return core.fault.protection();
    if (!this.#reservedIsZero(header, compacted)) return false;
    return this.#load(address, this.#requested, present, compacted);
  }

  /** Whether the reserved bytes of a header are 0: the second word in both formats, the rest in a compacted one. */
  #reservedIsZero(header: number, compacted: boolean): boolean {
    const { memory, fault } = this.core;
    const end = compacted ? Header.bytes : Header.reserved + 8;
    for (let at: number = Header.reserved; at < end; at += 8) {
      if (!memory.read(header + at, 8)) return false;
      if ((memory.lo | memory.hi) !== 0) return fault.protection();
    }
    return true;
  }

  /** Loads the components that are present, and gives the others that were asked for their initial values. */
  #load(address: number, requested: number, present: number, compacted: boolean): boolean {
    const { core, operands } = this;
    const loaded = requested & present;
    const loadsMxcsr = (compacted ? loaded & Component.Sse : requested & (Component.Sse | Component.Avx)) !== 0;
    if (!core.memory.read(address + areaBytes(loaded) - 8, 8)) return false;
    if (loadsMxcsr && !this.#area.checkMxcsr(address)) return false;
    if (loaded & Component.X87) this.#area.restoreX87(address, operands.size === 8);
    else if (requested & Component.X87) this.#area.resetX87();
    if (loadsMxcsr) this.#area.restoreMxcsr(address);
    else if (requested & Component.Sse) this.#area.resetMxcsr();
    if (loaded & Component.Sse) this.#area.restoreVectors(address);
    else if (requested & Component.Sse) this.#area.resetVectors();
    if (loaded & Component.Avx) restoreRegisters(core, address + AVX_OFFSET, State.vectorHigh, this.#vectors);
    else if (requested & Component.Avx) clearRegisters(core, State.vectorHigh, this.#vectors);
    return true;
  }
}
