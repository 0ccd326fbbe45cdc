import { hasTaps } from '@qvm/core';
import type { GuestExitEvent, MachineServices, Vcpu } from '@qvm/core';

/**
 * The switches between guest and hypervisor of one vCPU: counted by cause, and announced to the hooks that are tapped.
 *
 * @experimental
 */
export class GuestExits {
  readonly #counts: Record<string, number> = {};

  constructor(
    private readonly vcpu: Vcpu,
    private readonly services: MachineServices,
  ) {}

  /** The guest is left. */
  leave(cause: string, vdev?: string): void {
    this.#counts[cause] = (this.#counts[cause] ?? 0) + 1;
    const { guestExit } = this.vcpu.hooks;
    if (hasTaps(guestExit)) guestExit.call(this.#event(cause, vdev));
  }

  /** The guest goes on after {@link leave}. */
  enter(cause: string, vdev?: string): void {
    const { guestEntrance } = this.vcpu.hooks;
    if (hasTaps(guestEntrance)) guestEntrance.call(this.#event(cause, vdev));
  }

  /** Exits so far, by cause. */
  totals(): Readonly<Record<string, number>> {
    return { ...this.#counts };
  }

  #event(cause: string, vdev: string | undefined): GuestExitEvent {
    const { vcpu, services } = this;
    return { vcpu, cause, vdev, instructions: vcpu.instructions, time: services.clock.now() };
  }
}
