import type { Json } from '@qvm/core';
import { requireVersion } from '@qvm/core/vdev';
import { INTERRUPT_WIRING } from '@qvm/core/architecture';
import type { InterruptController } from '@qvm/core/architecture';
import type { AcpiContext, AcpiPart, PortHandler, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';
import { APIC_BUS } from '../apic-bus.js';
import type { Pic8259 } from './pic-8259.js';
import { PIC_INTERRUPTS, PicPair } from './pic-pair.js';

const STATE_VERSION = 1;
/** Inputs of each 8259A. */
const INPUTS = PIC_INTERRUPTS / 2;

/** The two 8259A of a PC as a vdev. */
export class Pic implements Vdev, InterruptController {
  readonly ports: Readonly<Record<string, PortHandler>>;
  readonly #context: VdevContext;
  readonly #pair: PicPair;

  constructor(context: VdevContext) {
    this.#context = context;
    const bus = context.attachment(APIC_BUS);
    this.#pair = new PicPair((level) => bus.setPin(0, level));
    this.ports = this.#pair.ports;
    bus.connectExternal(this.#pair);
    context.attachment(INTERRUPT_WIRING).attach(this, { first: 0, last: PIC_INTERRUPTS - 1 });
  }

  inputChanged(number: number, vcpu: number | undefined, level: boolean): void {
    if (vcpu === undefined && number < PIC_INTERRUPTS) this.#pair.setLine(number, level);
  }

  inputState(number: number): string {
    const { master, slave } = this.#pair;
    return number < INPUTS ? master.describeInput(number) : slave.describeInput(number - INPUTS);
  }

  reset(): void {
    this.#pair.reset();
  }

  save(): VdevState {
    return { version: STATE_VERSION, state: this.#pair.save() };
  }

  restore(saved: VdevState): void {
    requireVersion(saved, STATE_VERSION);
    this.#pair.decode(saved.state)();
  }

  status(): Readonly<Record<string, Json>> {
    const { master, slave, taken } = this.#pair;
    const counts = [...taken].map((count, interrupt) => ({ interrupt, count }));
    return {
      master: describe(master),
      slave: describe(slave),
      acknowledged: counts.filter(({ count }) => count !== 0),
    };
  }

  /** The device that tells operating systems that there is a pair. */
  acpi(context: AcpiContext): readonly AcpiPart[] {
    const { master = 0, slave = 0, elcr = 0 } = this.#context.portBase;
    const resources = [master, slave, elcr].map((base) => ({ kind: 'io' as const, base, size: 2 }));
    const values = { _HID: { eisaId: 'PNP0000' }, _UID: context.uid('PNP0000'), _CRS: { resources } };
    return [{ kind: 'device', device: { name: context.deviceName('PIC'), values } }];
  }

  /** Nothing to release. */
  dispose(): void {}
}

function describe(pic: Pic8259): Json {
  const { state, requests, int } = pic;
  return { ...state, requests, output: int };
}
