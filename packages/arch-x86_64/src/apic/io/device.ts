import type { Json } from '@qvm/core';
import { requireVersion } from '@qvm/core/vdev';
import { INTERRUPT_WIRING } from '@qvm/core/architecture';
import type { InterruptController } from '@qvm/core/architecture';
import type { AccessWidth, AcpiPart, MmioHandler, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';
import { APIC_BUS } from '../apic-bus.js';
import { VECTOR_MASK } from '../message.js';
import { IO_APIC_INPUTS, IoApicCore } from './io-apic-core.js';

const STATE_VERSION = 1;

/** Offsets of the registers in memory (82093AA, 3.1; the EOI register is of later versions). */
const SELECT = 0x00;
const WINDOW = 0x10;
const EOI = 0x40;

/** In PCs the timer's interrupt, 0, is wired to input 2, whose number belongs to the cascade of the 8259A pair. */
const TIMER_INTERRUPT = 0;
const TIMER_INPUT = 2;

/** The registers in memory: 32 bits each, 16 bytes apart. Others read as 0. */
class IoApicRegisters implements MmioHandler {
  readonly #core: IoApicCore;

  constructor(core: IoApicCore) {
    this.#core = core;
  }

  read(offset: number, width: AccessWidth): number {
    const shift = (offset & 0xf) * 8;
    if (shift + width * 8 > 32) return 0;
    const value = this.#readRegister(offset & ~0xf) >>> shift;
    return width === 4 ? value : value & ((1 << (width * 8)) - 1);
  }

  /** The select register takes narrow writes, as drivers make them; the window and the EOI register take words only. */
  write(offset: number, width: AccessWidth, value: number): void {
    if (offset === SELECT) this.#core.index = value & 0xff;
    else if (width !== 4) return;
    else if (offset === WINDOW) this.#core.write(value);
    else if (offset === EOI) this.#core.endOfInterrupt(value & VECTOR_MASK);
  }

  #readRegister(offset: number): number {
    if (offset === SELECT) return this.#core.index;
    return offset === WINDOW ? this.#core.read() >>> 0 : 0;
  }
}

/** An I/O APIC as a vdev. */
export class IoApic implements Vdev, InterruptController {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly #context: VdevContext;
  readonly #core: IoApicCore;

  constructor(context: VdevContext) {
    this.#context = context;
    const bus = context.attachment(APIC_BUS);
    this.#core = new IoApicCore((message, destination) => bus.deliver(message, destination));
    this.mmio = { registers: new IoApicRegisters(this.#core) };
    bus.listen(this.#core);
    context.attachment(INTERRUPT_WIRING).attach(this, { first: 0, last: IO_APIC_INPUTS - 1 });
  }

  inputChanged(number: number, vcpu: number | undefined, level: boolean): void {
    if (vcpu !== undefined || number >= IO_APIC_INPUTS || number === TIMER_INPUT) return;
    this.#core.setLine(number === TIMER_INTERRUPT ? TIMER_INPUT : number, level);
  }

  inputState(number: number): string {
    return this.#core.state(number === TIMER_INTERRUPT ? TIMER_INPUT : number);
  }

  reset(): void {
    this.#core.reset();
  }

  save(): VdevState {
    return { version: STATE_VERSION, state: this.#core.save() };
  }

  restore(saved: VdevState): void {
    requireVersion(saved, STATE_VERSION);
    this.#core.decode(saved.state)();
  }

  status(): Readonly<Record<string, Json>> {
    return { inputs: this.#core.describe() };
  }

  /** The I/O APIC with the override for the timer's interrupt: MADT. */
  acpi(): readonly AcpiPart[] {
    const { registers: address = 0 } = this.#context.mmioBase;
    return [
      { kind: 'io-apic', id: 0, address, firstInterrupt: 0 },
      { kind: 'interrupt-override', isa: TIMER_INTERRUPT, interrupt: TIMER_INPUT },
    ];
  }

  /** Nothing to release. */
  dispose(): void {}
}
