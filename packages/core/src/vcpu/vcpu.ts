import type { VcpuSnapshot } from '../architecture/machine-snapshot.js';
import type { GuestExits } from './guest-exits.js';
import type { VcpuHooks } from '../hooks/vcpu-hooks.js';
import type { VcpuView } from './vcpu-view.js';

/**
 * Reason why {@link Vcpu.run} returned.
 *
 * @experimental
 */
export enum VcpuExit {
  /** The instruction budget is used up. */
  Budget = 0,
  /** The guest waits for an interrupt or event: do not run it until {@link Vcpu.hasWork} returns true. */
  Halted = 1,
  /** The vCPU was turned off (PSCI CPU_OFF) or has not been turned on. */
  Off = 2,
  /** The VM was asked to end, reset or pause: the VM has the request. */
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
  /** Counts and times its exits, if the engine reports them. */
  readonly exits?: GuestExits;
  /** Executes at most `budget` instructions (exactly that number unless it returns for another reason). */
  run(budget: number): VcpuExit;
  /** Whether `run` would make progress: the vCPU is on and not waiting, or an interrupt or event ends its wait. */
  hasWork(): boolean;
  /** Makes a running `run` return soon; may be called by a vdev or hook inside it. */
  kick(): void;
  /**
   * Saves the guest-visible state. The vCPU must not be running.
   *
   * @throws `QvmError` `machine.state` when it is running, or cannot be saved.
   */
  save(): VcpuSnapshot;
  /**
   * Validates the result of {@link Vcpu.save}. RAM must have its contents of the time of the save when the returned
   * function is called.
   *
   * @returns a function that restores the state and cannot fail.
   * @throws `QvmError` with a code for the problem: an unknown version or shape, or another model.
   */
  prepareRestore(snapshot: VcpuSnapshot): () => void;
}
