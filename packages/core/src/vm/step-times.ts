import { hostNanoseconds } from '../clock/host-time.js';
import { hasTaps } from '../hooks/tappable.js';
import type { VmHooks } from '../hooks/vm-hooks.js';

/** Measures the steps of a VM, and the sleep between them, and announces them. All times are host nanoseconds. */
export class StepTimes {
  /** Time in steps. */
  busy = 0;
  /** Time between a step that left nothing to do and the next one. */
  idle = 0;
  readonly #vm: string;
  readonly #hook: VmHooks['step'];
  #began = 0;
  #asleepSince: number | undefined;

  constructor(vm: string, hook: VmHooks['step']) {
    this.#vm = vm;
    this.#hook = hook;
  }

  begin(): void {
    const timestamp = hostNanoseconds();
    if (this.#asleepSince !== undefined) this.idle += timestamp - this.#asleepSince;
    this.#asleepSince = undefined;
    this.#began = timestamp;
    this.#announce('begin', false, timestamp);
  }

  end(idle: boolean): void {
    const timestamp = hostNanoseconds();
    this.busy += timestamp - this.#began;
    if (idle) this.#asleepSince = timestamp;
    this.#announce('end', idle, timestamp);
  }

  #announce(phase: 'begin' | 'end', idle: boolean, timestamp: number): void {
    if (hasTaps(this.#hook)) this.#hook.call({ vm: this.#vm, phase, idle, timestamp });
  }
}
