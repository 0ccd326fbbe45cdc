import type { Json } from '@qvm/core';
import { INTERRUPT_WIRING } from '@qvm/core/architecture';
import { requireVersion } from '@qvm/core/vdev';
import type { AccessWidth, MmioHandler, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';
import { APIC_BUS } from '../apic-bus.js';
import type { ApicBus } from '../apic-bus.js';
import { requireList } from '../saved-state.js';
import type { LocalApic } from './local-apic.js';
import { decodeApic, saveApic } from './saved-apic.js';
import { apicStatus } from './status.js';

const STATE_VERSION = 1;

/**
 * The page at the usual address of the local APICs: each vCPU finds its own there. Without a local APIC at the page,
 * reads give ones and writes are ignored.
 */
class ApicPage implements MmioHandler {
  readonly #bus: ApicBus;
  readonly #address: number;

  constructor(bus: ApicBus, address: number) {
    this.#bus = bus;
    this.#address = address;
  }

  read(offset: number, width: AccessWidth): number {
    return this.#apic?.read(offset, width) ?? 2 ** (8 * width) - 1;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    this.#apic?.write(offset, width, value);
  }

  get #apic(): LocalApic | undefined {
    const apic = this.#bus.apics[this.#bus.running];
    return apic?.page === this.#address ? apic : undefined;
  }
}

/** The local APICs of all vCPUs as a vdev. */
export class LocalApics implements Vdev {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly #bus: ApicBus;

  constructor(context: VdevContext) {
    this.#bus = context.attachment(APIC_BUS);
    context.attachment(INTERRUPT_WIRING).attachMessages(this.#bus);
    this.mmio = { registers: new ApicPage(this.#bus, context.mmioBase.registers ?? 0) };
  }

  reset(): void {
    for (const apic of this.#bus.apics) apic.reset();
  }

  save(): VdevState {
    return { version: STATE_VERSION, state: this.#bus.apics.map(saveApic) };
  }

  restore(saved: VdevState): void {
    requireVersion(saved, STATE_VERSION);
    const { apics } = this.#bus;
    const states = requireList(saved.state, apics.length, 'The state of the local APICs');
    const loads = apics.map((apic, index) => decodeApic(states[index], apic));
    for (const load of loads) load();
  }

  status(): Readonly<Record<string, Json>> {
    return { vcpus: this.#bus.apics.map(apicStatus) };
  }

  dispose(): void {
    this.#bus.dispose();
  }
}
