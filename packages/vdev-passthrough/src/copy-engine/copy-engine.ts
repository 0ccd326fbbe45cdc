import { RegisterBlock, requireBoolean, requireObject, requireUnsigned, VdevStateError } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { DeviceBus, HostDevice, HostDeviceRegion, HostDeviceState, OpenHostDevice } from '@qvm/core/services';
import type { ClockTimer } from '@qvm/core/vdev';
import {
  Control,
  COPY_ENGINE_BYTES,
  copyEngineRegisters,
  MOST_COPY_BYTES,
  Status,
  type CopyEngineOperations,
  type CopyEngineRegister,
} from './registers.js';

/** Virtual time to start a copy, in nanoseconds; each byte takes one more. */
const START_TIME = 500;
/** Longest duration of a copy: LENGTH has 21 bits, but the largest values make the copy fail. */
const MOST_TIME = START_TIME + 0x1f_ffff;
const STATE_MEMBERS = ['registers', 'interruptEnabled', 'status', 'left'] as const;

/**
 * A DMA engine that copies memory: the smallest device with registers, an interrupt and DMA of its own. Its
 * host-physical address is 0xff000000.
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
  readonly state: HostDeviceState = { save: () => this.#save(), restore: (state) => this.#restore(state) };
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

  #save(): Json {
    return {
      registers: this.#registers.save(),
      interruptEnabled: this.#interruptEnabled,
      status: this.#status,
      left: Math.max(0, (this.#timer.deadline ?? 0) - this.#bus.clock.now()),
    };
  }

  #restore(saved: Json): void {
    const state = requireObject(saved, STATE_MEMBERS, 'copy-engine state');
    const registers = this.#registers.decode(state.registers);
    const status = requireUnsigned(state.status, Status.Done | Status.Error | Status.Busy, 'status');
    const left = requireUnsigned(state.left, MOST_TIME, 'left');
    const busy = (status & Status.Busy) !== 0;
    if ((busy && status !== Status.Busy) || (!busy && left > 0)) {
      throw new VdevStateError('a copy cannot be both under way and done');
    }
    this.#interruptEnabled = requireBoolean(state.interruptEnabled, 'interruptEnabled');
    this.#registers.load(registers);
    if (busy) this.#timer.arm(this.#bus.clock.now() + left);
    else this.#timer.cancel();
    this.#setStatus(status);
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
