import { RegisterBlock } from '@qvm/core';
import type { ClockTimer, DeviceBus, HostDevice, HostDeviceRegion, Json, OpenHostDevice } from '@qvm/core';
import {
  Control,
  COPY_ENGINE_BYTES,
  copyEngineRegisters,
  MOST_COPY_BYTES,
  Status,
  type CopyEngineOperations,
  type CopyEngineRegister,
} from './registers.js';

/** Nanoseconds of virtual time to start a copy; then one for each byte. */
const START_TIME = 500;

/**
 * A DMA engine that copies memory: the smallest device with registers, an interrupt and DMA of its own. It lies at
 * 0xff000000 of the host.
 *
 * @experimental
 */
export const copyEngine: HostDevice = {
  name: 'copy-engine',
  description: 'Copies memory by DMA',
  paddr: 0xff00_0000,
  size: COPY_ENGINE_BYTES,
  open: (bus) => new CopyEngine(bus),
};

class CopyEngine implements OpenHostDevice, CopyEngineOperations {
  readonly regions: readonly HostDeviceRegion[];
  readonly #bus: DeviceBus;
  readonly #registers: RegisterBlock<CopyEngineOperations, CopyEngineRegister>;
  readonly #timer: ClockTimer;
  #interruptEnabled = false;
  #status = 0;
  #copies = 0;
  #errors = 0;

  constructor(bus: DeviceBus) {
    this.#bus = bus;
    this.#registers = new RegisterBlock<CopyEngineOperations, CopyEngineRegister>(
      copyEngineRegisters,
      this,
      COPY_ENGINE_BYTES,
    );
    this.regions = [{ kind: 'registers', offset: 0, size: COPY_ENGINE_BYTES, handler: this.#registers }];
    this.#timer = bus.clock.createTimer('copy-engine', () => this.#finish());
  }

  reset(): void {
    this.#registers.reset();
    this.#timer.cancel();
    this.#interruptEnabled = false;
    this.#setStatus(0);
  }

  status(): Readonly<Record<string, Json>> {
    return { copies: this.#copies, errors: this.#errors, busy: (this.#status & Status.Busy) !== 0 };
  }

  close(): void {
    this.#timer.dispose();
  }

  statusBits(): number {
    return this.#status;
  }

  controlBits(): number {
    return this.#interruptEnabled ? Control.InterruptEnable : 0;
  }

  control(value: number): void {
    this.#interruptEnabled = (value & Control.InterruptEnable) !== 0;
    if ((value & Control.Start) !== 0 && (this.#status & Status.Busy) === 0) this.#start();
    else this.#setStatus(this.#status);
  }

  acknowledge(bits: number): void {
    this.#setStatus(this.#status & ~(bits & (Status.Done | Status.Error)));
  }

  #start(): void {
    this.#setStatus(Status.Busy);
    this.#timer.arm(this.#bus.clock.now() + START_TIME + this.#registers.get('LENGTH'));
  }

  #finish(): void {
    const copied = this.#copy();
    this.#copies++;
    if (!copied) this.#errors++;
    this.#setStatus(copied ? Status.Done : Status.Done | Status.Error);
  }

  #copy(): boolean {
    const length = this.#registers.get('LENGTH');
    if (length > MOST_COPY_BYTES) return false;
    const bytes = this.#bus.dma.read(this.#address('SRC'), length);
    return bytes !== undefined && this.#bus.dma.write(this.#address('DST'), bytes);
  }

  #address(which: 'SRC' | 'DST'): number {
    return this.#registers.get(`${which}_HI`) * 2 ** 32 + this.#registers.get(`${which}_LO`);
  }

  #setStatus(status: number): void {
    this.#status = status;
    this.#bus.interrupt.set(this.#interruptEnabled && (status & Status.Done) !== 0);
  }
}
