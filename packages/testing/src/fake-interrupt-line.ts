import type { InterruptLine } from '@qvm/core/vdev';

/**
 * An interrupt line that records the calls of its device.
 *
 * @experimental
 */
export class FakeInterruptLine implements InterruptLine {
  readonly number: number;
  /** The vCPU of a private line, `undefined` for a shared one. */
  readonly vcpu: number | undefined;
  /** Each change of the level, oldest first. Pulses are not included. */
  readonly history: boolean[] = [];
  #level = false;
  #pulses = 0;

  constructor(number: number, vcpu?: number) {
    this.number = number;
    this.vcpu = vcpu;
  }

  get level(): boolean {
    return this.#level;
  }

  /** Number of calls of `pulse`. */
  get pulses(): number {
    return this.#pulses;
  }

  assert(): void {
    this.set(true);
  }

  deassert(): void {
    this.set(false);
  }

  set(level: boolean): void {
    if (level !== this.#level) {
      this.#level = level;
      this.history.push(level);
    }
  }

  pulse(): void {
    this.#pulses++;
  }
}
