import type { SharedProbe } from '../builder/back-end.js';
import type { Probe } from '../builder/probe.js';
import { Ty } from '../wasm/code-buffer.js';
import type { LocalPool } from '../builder/local-pool.js';
import type { Facts } from './facts.js';
import type { Window } from './window.js';

/**
 * One access: the base register's offset in the state, the distance from its value, and the size in bytes.
 *
 * @internal
 */
export interface NearAccess {
  readonly register: number;
  readonly displacement: number;
  readonly bytes: number;
  readonly write: boolean;
}

/**
 * Largest size of a window in bytes. In a larger window more accesses share a lookup, but it more often spans two
 * pages although each access is in one.
 */
const MOST_BYTES = 128;

/**
 * Lets accesses at constant distances from the same register share a TLB lookup (a stack frame, a structure, an
 * unrolled loop). This is possible because no translation changes while a region runs.
 *
 * @internal
 */
export class AccessWindows {
  /** The local of the latest window that began at each register. */
  readonly #locals = new Map<number, number>();
  #block = 0;
  /** Locals that the current instruction uses. */
  readonly #used = new Set<number>();

  constructor(private readonly locals: LocalPool) {}

  enterBlock(): void {
    this.#block++;
  }

  enterInstruction(): void {
    this.#used.clear();
  }

  /** The window of an access: an existing one, grown if necessary, or a new one that begins at the access. */
  share(facts: Facts, access: NearAccess): SharedProbe | undefined {
    const { register, displacement, bytes, write } = access;
    const view = facts.windowAt(register);
    if (view !== undefined) {
      const { window } = view;
      const position = view.position + displacement;
      if (this.#holds(window, position, position + bytes, write)) {
        this.#used.add(window.local);
        return { local: window.local, displacement: position, begin: undefined };
      }
    }
    const local = this.#localOf(register);
    // The instruction still needs its value.
    if (this.#used.has(local)) return undefined;
    return { local, displacement: 0, begin: (probe) => this.#begin(facts, access, local, probe) };
  }

  #holds(window: Window, from: number, to: number, write: boolean): boolean {
    const low = Math.min(window.low, from);
    const high = Math.max(window.high, to);
    const writes = window.write || write;
    if (low === window.low && high === window.high && writes === window.write) return true;
    if (window.block !== this.#block || high - low > MOST_BYTES) return false;
    Object.assign(window, { low, high, write: writes });
    window.probe.widen(low, high, writes);
    return true;
  }

  #localOf(register: number): number {
    let local = this.#locals.get(register);
    if (local === undefined) this.#locals.set(register, (local = this.locals.reserve(Ty.i32)));
    return local;
  }

  /** Begins a window at an access whose address is now in a local. */
  #begin(
    facts: Facts,
    { register, displacement, bytes, write }: NearAccess,
    local: number,
    probe: Pick<Probe, 'widen'>,
  ): void {
    this.#used.add(local);
    facts.forgetWindows(local);
    const window = { local, probe, block: this.#block, low: 0, high: bytes, write };
    facts.learnWindow(register, { window, position: -displacement });
  }
}
