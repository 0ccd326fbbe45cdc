import { VcpuExit } from '@qvm/core/architecture';
import type { GuestExits } from '@qvm/core/architecture';
import type { RunState } from './run-state.js';

/**
 * The power and wait state of a vCPU, and the end of its present run. An architecture turns the vCPU on and off, makes
 * it wait, and ends runs by exits.
 *
 * @experimental
 */
export class RunControl {
  #on = false;
  /** Whether it waits for {@link RunControl.wake}. */
  #waiting = false;
  #stopping = false;
  #kicked = false;
  /** The cause of the exit that the last run ended with. */
  #outside: string | undefined;

  constructor(private readonly exits: GuestExits) {}

  /** Whether the vCPU is powered on. */
  get on(): boolean {
    return this.#on;
  }

  /** Whether a run would execute guest code. */
  get runnable(): boolean {
    return this.#on && !this.#waiting;
  }

  // --- power and waiting ---

  /** Powers the vCPU on. */
  turnOn(): void {
    this.#on = true;
  }

  /** Turns the vCPU off, and ends the run. */
  turnOff(): void {
    this.#on = false;
    this.#stopping = true;
  }

  /** Sets the power-on state: off. */
  reset(): void {
    this.#on = this.#waiting = false;
  }

  /** Makes the vCPU wait for {@link RunControl.wake} from the end of this run. */
  wait(): void {
    this.#waiting = true;
    this.#stopping = true;
  }

  /** Ends a wait. */
  wake(): void {
    this.#waiting = false;
  }

  // --- the present run ---

  /** Begins a run; returns the reason if there is nothing to run. */
  begin(): VcpuExit | undefined {
    if (!this.#on) return VcpuExit.Off;
    if (this.#waiting) return VcpuExit.Halted;
    this.#stopping = false;
    if (this.#outside !== undefined) {
      this.exits.enter(this.#outside);
      this.#outside = undefined;
    }
    return undefined;
  }

  /** Ends the run. */
  end(): void {
    this.#kicked = false;
  }

  /** Ends the present run before the next instruction, at the host's request. */
  kick(): void {
    this.#kicked = true;
  }

  /** Whether {@link RunControl.kick} was called in this run. */
  get kicked(): boolean {
    return this.#kicked;
  }

  /** Ends the present run because of a request to the VM, or for the benefit of other vCPUs. */
  stop(): void {
    this.#stopping = true;
  }

  /** Whether the run must end; its result is then {@link RunControl.stopExit}. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** Why a run ends that was stopped: `Off` when the vCPU was turned off in it, else `Stop`. */
  get stopExit(): VcpuExit {
    return this.#on ? VcpuExit.Stop : VcpuExit.Off;
  }

  /**
   * Continues after an exit that was begun with {@link GuestExits.leave}. If {@link RunControl.stop} was called in it,
   * the run ends within the exit.
   */
  resume(cause: string, stop = false): VcpuExit | undefined {
    if (stop || this.#stopping) return this.#endWithin(cause, this.stopExit);
    this.exits.enter(cause);
    return undefined;
  }

  /** Ends the present run by an exit, which ends when the next run begins. */
  leave(cause: string, syndrome: number, exit: VcpuExit): VcpuExit {
    this.exits.leave(cause, syndrome);
    return this.#endWithin(cause, exit);
  }

  /** As {@link RunControl.leave}, and waits for {@link RunControl.wake}. */
  halt(cause: string, syndrome: number): VcpuExit {
    this.#waiting = true;
    return this.leave(cause, syndrome, VcpuExit.Halted);
  }

  // --- snapshots ---

  /** The part of a saved state that this class holds. */
  save(): Omit<RunState, 'instructions'> {
    return { on: this.#on, waiting: this.#waiting, outside: this.#outside };
  }

  /** Takes over a state that `parseRunState` has checked. */
  restore({ on, waiting, outside }: Omit<RunState, 'instructions'>): void {
    this.#on = on;
    this.#waiting = waiting;
    this.#outside = outside;
  }

  #endWithin(cause: string, exit: VcpuExit): VcpuExit {
    this.#outside = cause;
    return exit;
  }
}
