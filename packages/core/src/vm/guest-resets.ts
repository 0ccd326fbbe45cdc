import type { VmHooks } from '../hooks/vm-hooks.js';
import type { Clock } from '../clock/clock.js';
import { ResetGuard } from './reset-guard.js';
import { endByFault, endByResetLoop, GUEST_RESET, type VmEnd } from './vm-end.js';
import type { VmOptions } from './vm-options.js';

/** The resets that a guest asks for: counted, announced, and obeyed as the VM's options say. */
export class GuestResets {
  /** Whether the guest is to boot again. */
  due = false;
  readonly #guard: ResetGuard;
  #count = 0;

  constructor(
    private readonly options: Pick<VmOptions, 'name' | 'onReset' | 'resetLimit'>,
    private readonly hooks: VmHooks,
    private readonly clock: Clock,
  ) {
    this.#guard = new ResetGuard(options.resetLimit);
  }

  /** Resets so far. */
  get count(): number {
    return this.#count;
  }

  /** How long the host waits before it boots the guest again, in ms of host time. */
  get pauseMs(): number {
    return this.#guard.pauseMs;
  }

  /**
   * The guest has asked for a reset.
   *
   * @param fault - why the machine resets itself, if the guest did not ask for it.
   * @param stopping - whether the VM is being stopped: a guest that answers the power button by a reset shall end, too.
   * @returns how the VM ends, if the guest does not boot again.
   */
  ask(fault: string | undefined, stopping: boolean): VmEnd | undefined {
    this.#count++;
    const restart = this.options.onReset === 'restart' && !stopping;
    this.hooks.guestReset.call({ vm: this.options.name, count: this.#count, restart });
    if (!restart) return fault === undefined ? GUEST_RESET : endByFault(fault);
    if (!this.#guard.count(this.clock.now())) return endByResetLoop(this.#guard.inARow);
    this.due = true;
    return undefined;
  }
}
