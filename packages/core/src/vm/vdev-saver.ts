import { QvmError } from '../errors/qvm-error.js';
import { quiesceVdevs, saveVdev, type VdevSnapshot } from './save-vdevs.js';
import type { VdevInstance } from './vdev-instance.js';
import type { VmState } from './vm-state.js';

/** The VM whose vdevs are saved. */
export interface SavedVm {
  readonly name: string;
  readonly state: VmState;
  readonly vdevs: readonly VdevInstance[];
}

/** Saves the vdevs of a paused VM: brings them to rest first, while its vCPUs stand still. */
export class VdevSaver {
  readonly #vm: SavedVm;
  readonly #runTasks: () => void;
  #atRest: Promise<void> | undefined;
  #interrupt: (() => void) | undefined;

  /** @param runTasks - runs what vdevs post on their way to rest. */
  constructor(vm: SavedVm, runTasks: () => void) {
    this.#vm = vm;
    this.#runTasks = runTasks;
  }

  /**
   * Takes care of a posted task while vdevs come to rest.
   *
   * @returns whether that is so now; otherwise tasks are for the VM's thread.
   */
  taskPosted(): boolean {
    if (this.#atRest === undefined) return false;
    queueMicrotask(this.#runTasks);
    return true;
  }

  /** The state of the VM changes: tasks run elsewhere then, or not at all, so nothing is waited for any more. */
  interrupt(): void {
    this.#interrupt?.();
  }

  /** See `Vm.saveVdevs`. */
  async save(): Promise<readonly VdevSnapshot[]> {
    this.#requirePaused();
    this.#atRest ??= this.#quiesce();
    await this.#atRest;
    this.#requirePaused();
    return this.#vm.vdevs.map(saveVdev);
  }

  async #quiesce(): Promise<void> {
    const interrupted = new Promise<void>((resolve) => (this.#interrupt = resolve));
    try {
      queueMicrotask(this.#runTasks);
      await quiesceVdevs(this.#vm.vdevs, interrupted);
    } finally {
      this.#atRest = undefined;
    }
  }

  #requirePaused(): void {
    const { name, state } = this.#vm;
    if (state === 'paused') return;
    throw new QvmError('vm.not-paused', `The vdevs of ${name} cannot be saved: the VM is ${state}.`);
  }
}
