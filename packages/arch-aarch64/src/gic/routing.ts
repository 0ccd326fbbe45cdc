import { SHARED_INTERRUPTS } from './limits.js';
import { requireMembers, requireWords } from './saved-state.js';

/** The affinity that was written belongs to no vCPU: the interrupt stays pending. */
export const TARGET_NONE = -1;
/** GICD_IROUTER.IRM: any one vCPU. */
export const TARGET_ANY = -2;

/** GICD_IROUTER<n>, low word: IRM and Aff2–Aff0 (IHI 0069, 12.9). */
const IRM = 0x8000_0000;
const LOW_MASK = IRM | 0xff_ffff;
const HIGH_MASK = 0xff;

/** A validated state, for {@link Routing.load}. */
export interface RoutingState {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * Aff3.Aff2.Aff1.Aff0 in 32 bits, as GICR_TYPER has them.
 *
 * @param affinity - MPIDR_EL1's fields: Aff3 in bits 39–32, Aff2–Aff0 in bits 23–0.
 */
export function packAffinity(affinity: bigint): number {
  return Number(((affinity >> 8n) & 0xff00_0000n) | (affinity & 0xff_ffffn));
}

/** Which vCPU each shared interrupt goes to: the GICD_IROUTER registers. */
export class Routing {
  readonly #vcpus: ReadonlyMap<number, number>;
  readonly #low = new Uint32Array(SHARED_INTERRUPTS);
  readonly #high = new Uint32Array(SHARED_INTERRUPTS);
  readonly #targets = new Int16Array(SHARED_INTERRUPTS);
  #anyCount = 0;

  /** @param affinities - packed affinity of each vCPU. */
  constructor(affinities: readonly number[]) {
    this.#vcpus = new Map(affinities.map((affinity, index) => [affinity, index]));
    this.reset();
  }

  /**
   * Target of a shared interrupt: a vCPU's index, {@link TARGET_NONE} or {@link TARGET_ANY}. `shared` counts from 0
   * for INTID 32.
   */
  target(shared: number): number {
    return this.#targets[shared] ?? TARGET_NONE;
  }

  /** Whether any interrupt has 1 of N routing, so that a change of one vCPU's interface concerns the others. */
  get hasAny(): boolean {
    return this.#anyCount !== 0;
  }

  read(shared: number, high: boolean): number {
    return (high ? this.#high : this.#low)[shared] ?? 0;
  }

  write(shared: number, high: boolean, value: number): void {
    if (high) this.#high[shared] = value & HIGH_MASK;
    else this.#low[shared] = value & LOW_MASK;
    this.#resolve(shared);
  }

  reset(): void {
    this.#low.fill(0);
    this.#high.fill(0);
    this.#resolveAll();
  }

  save(): { low: number[]; high: number[] } {
    return { low: [...this.#low], high: [...this.#high] };
  }

  /** Validates a state that `save` made, without changing anything. */
  decode(state: unknown): RoutingState {
    const saved = requireMembers(state, ['low', 'high'], 'routing');
    return {
      low: requireWords(saved.low, SHARED_INTERRUPTS, LOW_MASK, 'low'),
      high: requireWords(saved.high, SHARED_INTERRUPTS, HIGH_MASK, 'high'),
    };
  }

  load(state: RoutingState): void {
    this.#low.set(state.low);
    this.#high.set(state.high);
    this.#resolveAll();
  }

  #resolveAll(): void {
    for (let shared = 0; shared < SHARED_INTERRUPTS; shared++) this.#resolve(shared);
  }

  #resolve(shared: number): void {
    const low = this.#low[shared] ?? 0;
    const affinity = (((this.#high[shared] ?? 0) << 24) | (low & 0xff_ffff)) >>> 0;
    const target = (low & IRM) !== 0 ? TARGET_ANY : (this.#vcpus.get(affinity) ?? TARGET_NONE);
    this.#anyCount += Number(target === TARGET_ANY) - Number(this.#targets[shared] === TARGET_ANY);
    this.#targets[shared] = target;
  }
}
