import { EngineState } from '../builder/layout.js';
import type { LocalPool } from '../builder/local-pool.js';
import { Ty } from '../wasm/code-buffer.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import { Op } from '../wasm/opcodes.js';
import type { Facts } from './facts.js';

/** The local for a part of the state. */
interface Home {
  readonly local: number;
  readonly ty: Ty;
  written: boolean;
}

/**
 * Assigns the registers and flags of a region to locals.
 *
 * @internal
 */
export abstract class RegisterHomes {
  protected readonly homes = new Map<number, Home>();

  constructor(
    protected readonly code: CodeBuffer,
    private readonly locals: LocalPool,
    protected readonly cpu: number,
  ) {}

  /**
   * The local that holds the value at an offset of the state; `undefined` if the value was pushed on the stack instead.
   */
  abstract read(offset: number, ty: Ty, facts: Facts, conditional: boolean): number | undefined;

  /** Writes the value that `value` pushes. */
  abstract write(offset: number, ty: Ty, facts: Facts, value: () => void): void;

  /** Emits the code before the region's, once all registers of the region are known. */
  emitEntry(_code: CodeBuffer): void {
    // Nothing unless registers are promoted.
  }

  /** Emits the code after the region's. */
  emitExit(_code: CodeBuffer): void {
    // Nothing unless registers are promoted.
  }

  protected home(offset: number, ty: Ty): Home {
    let home = this.homes.get(offset);
    if (!home) {
      home = { local: this.locals.reserve(ty), ty, written: false };
      this.homes.set(offset, home);
    }
    return home;
  }
}

/**
 * Loads registers once at the region's entry and stores them once at its exit: best for loops, where control stays
 * inside. All of them are live at every exit, which costs code.
 *
 * @internal
 */
export class PromotedRegisters extends RegisterHomes {
  override read(offset: number, ty: Ty): number {
    return this.home(offset, ty).local;
  }

  override write(offset: number, ty: Ty, _facts: Facts, value: () => void): void {
    const home = this.home(offset, ty);
    home.written = true;
    value();
    this.code.set(home.local);
  }

  override emitEntry(code: CodeBuffer): void {
    for (const [offset, { local, ty }] of this.homes)
      code
        .get(this.cpu)
        .memory(LOAD[ty] as number, offset)
        .set(local);
  }

  override emitExit(code: CodeBuffer): void {
    for (const [offset, { local, ty, written }] of this.homes)
      if (written)
        code
          .get(this.cpu)
          .get(local)
          .memory(STORE[ty] as number, offset);
  }
}

/**
 * Registers stay in the state. A local caches the value that was loaded or stored last, on paths where it is known.
 * Entry and exit emit nothing, so that leaving costs nothing: best for code that runs once.
 *
 * @internal
 */
export class CachedRegisters extends RegisterHomes {
  override read(offset: number, ty: Ty, facts: Facts, conditional: boolean): number | undefined {
    const { local } = this.home(offset, ty);
    if (facts.isInLocal(offset)) return local;
    this.code.get(this.cpu).memory(LOAD[ty] as number, offset);
    // The other path would not have it.
    if (conditional) return undefined;
    this.code.set(local);
    facts.learnInLocal(offset);
    return local;
  }

  override write(offset: number, ty: Ty, facts: Facts, value: () => void): void {
    const { local } = this.home(offset, ty);
    this.code.get(this.cpu);
    value();
    this.code.tee(local).memory(STORE[ty] as number, offset);
    facts.learnInLocal(offset);
  }
}

const LOAD: Partial<Record<Ty, number>> = { [Ty.i32]: Op.i32_load, [Ty.i64]: Op.i64_load, [Ty.v128]: Op.v128_load };
const STORE: Partial<Record<Ty, number>> = { [Ty.i32]: Op.i32_store, [Ty.i64]: Op.i64_store, [Ty.v128]: Op.v128_store };

/** Offsets of the lazy flags in the state. @internal */
export const FLAGS = { kind: EngineState.flagKind, x: EngineState.flagX, y: EngineState.flagY } as const;
