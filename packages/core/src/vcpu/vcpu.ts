import type { VcpuSnapshot } from '../architecture/machine-snapshot.js';
import type { GuestExits } from './guest-exits.js';
import type { VcpuHooks } from '../hooks/vcpu-hooks.js';
import type { VcpuView } from './vcpu-view.js';

/**
 * Why {@link Vcpu.run} returned.
 *
 * @experimental
 */
export enum VcpuExit {
  /** The instruction budget is used up. */
  Budget = 0,
  /** The guest waits for an interrupt or event: do not run it until {@link Vcpu.hasWork} is true. */
  Halted = 1,
  /** The vCPU was turned off (PSCI CPU_OFF) or has not been turned on. */
  Off = 2,
  /** The VM was asked to end, reset or pause; look at the VM's request. */
  Stop = 3,
  /** The guest gave up its turn (YIELD, or a wait that another vCPU must end). */
  Yield = 4,
}

/**
 * One virtual CPU: the contract between the machine and an engine. `run` is called on one thread at a time.
 *
 * @experimental
 */
export interface Vcpu extends VcpuView {
  /** The hooks of this vCPU. */
  readonly hooks: VcpuHooks;
  /** Counts and times its exits, when the engine reports them. */
  readonly exits?: GuestExits;
  /** Executes at most `budget` instructions (exactly that many unless it returns for another reason). */
  run(budget: number): VcpuExit;
  /** Whether `run` would make progress: on, and not waiting, or an interrupt or event ends the wait. */
  hasWork(): boolean;
  /** Makes a `run` in progress return soon; safe from a vdev or hook inside it. */
  kick(): void;
  /**
   * The guest-visible state, while the vCPU does not run.
   *
   * @throws `QvmError` `machine.state` when it runs, or cannot be saved.
   */
  save(): VcpuSnapshot;
  /**
   * Checks what {@link Vcpu.save} gave. RAM must hold what it held then when the result is called.
   *
   * @returns takes the state over; cannot fail.
   * @throws `QvmError` of a code that says what is wrong: an unknown version or shape, another model.
   */
  prepareRestore(snapshot: VcpuSnapshot): () => void;
}
