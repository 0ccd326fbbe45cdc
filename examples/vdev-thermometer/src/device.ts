import { RegisterBlock, requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type {
  ClockTimer,
  DeviceTreeContext,
  DeviceTreeNode,
  InterruptLine,
  MmioHandler,
  Vdev,
  VdevContext,
  VdevState,
} from '@qvm/core/vdev';
import { CONTROL_HEATER, CONTROL_INTERRUPT, REGISTERS_SIZE, STATUS_ALARM, thermometerRegisters } from './registers.js';
import type { ThermometerOperations, ThermometerRegister } from './registers.js';

const STATE_VERSION = 1;
/** The heater works in steps of this many nanoseconds of virtual time, and as many millidegrees. */
const STEP_NS = 100_000_000;
const STEP_HEAT = 100;

/** Millidegrees Celsius; nothing gets hotter. */
export const HOTTEST = 1_000_000;

/** One thermometer of one VM. It touches nothing but its context. */
export class ThermometerDevice implements Vdev, ThermometerOperations {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly #context: VdevContext;
  readonly #initial: number;
  readonly #registers: RegisterBlock<ThermometerOperations, ThermometerRegister>;
  readonly #interrupt: InterruptLine;
  readonly #heater: ClockTimer;
  #temperature: number;

  constructor(context: VdevContext, initialTemperature: number) {
    this.#context = context;
    this.#initial = initialTemperature;
    this.#temperature = initialTemperature;
    this.#registers = new RegisterBlock(thermometerRegisters, this as ThermometerOperations, REGISTERS_SIZE);
    this.#interrupt = context.interrupt('alarm');
    this.#heater = context.clock.createTimer(`${context.name} heater`, () => this.#heat());
    this.mmio = { registers: this.#registers };
  }

  get temperature(): number {
    return this.#temperature;
  }

  controlChanged(): void {
    if (!this.#control(CONTROL_HEATER)) this.#heater.cancel();
    else if (this.#heater.deadline === undefined) this.#armHeater(STEP_NS);
    this.#updateInterrupt();
  }

  limitChanged(): void {
    this.#compare();
  }

  clearStatus(bits: number): void {
    this.#registers.set('STATUS', this.#registers.get('STATUS') & ~bits);
    // An alarm whose cause still stands comes back at once.
    this.#compare();
  }

  reset(): void {
    this.#registers.reset();
    this.#heater.cancel();
    this.#temperature = this.#initial;
    this.#updateInterrupt();
  }

  save(): VdevState {
    const { deadline } = this.#heater;
    const untilStep = deadline === undefined ? 0 : Math.max(0, deadline - this.#context.clock.now());
    return {
      version: STATE_VERSION,
      state: { registers: this.#registers.save(), temperature: this.#temperature, untilStep },
    };
  }

  /** A snapshot may come from anywhere: all of it is checked before anything changes. */
  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['registers', 'temperature', 'untilStep'], 'state');
    const registers = this.#registers.decode(state.registers);
    const temperature = requireUnsigned(state.temperature, HOTTEST, 'temperature');
    const untilStep = requireUnsigned(state.untilStep, STEP_NS, 'untilStep');
    this.#registers.load(registers);
    this.#temperature = temperature;
    if (this.#control(CONTROL_HEATER)) this.#armHeater(untilStep);
    else this.#heater.cancel();
    this.#updateInterrupt();
  }

  status(): Readonly<Record<string, Json>> {
    return {
      temperature: this.#temperature,
      heater: this.#control(CONTROL_HEATER),
      alarm: this.#registers.get('STATUS') !== 0,
    };
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const base = this.#context.mmioBase['registers'] ?? 0;
    return [
      {
        name: `thermometer@${base.toString(16)}`,
        properties: {
          compatible: 'acme,thermometer',
          reg: { cells: context.reg(base, REGISTERS_SIZE) },
          interrupts: { cells: context.interruptCells(this.#interrupt.number, 'level') },
        },
      },
    ];
  }

  dispose(): void {
    this.#heater.dispose();
  }

  #control(bit: number): boolean {
    return (this.#registers.get('CONTROL') & bit) !== 0;
  }

  #armHeater(delay: number): void {
    this.#heater.arm(this.#context.clock.now() + delay);
  }

  #heat(): void {
    this.#temperature = Math.min(HOTTEST, this.#temperature + STEP_HEAT);
    this.#armHeater(STEP_NS);
    this.#compare();
  }

  #compare(): void {
    if (this.#temperature >= this.#registers.get('LIMIT')) this.#registers.set('STATUS', STATUS_ALARM);
    this.#updateInterrupt();
  }

  /** A level interrupt: high while the alarm stands and the guest wants to hear of it. */
  #updateInterrupt(): void {
    this.#interrupt.set(this.#registers.get('STATUS') !== 0 && this.#control(CONTROL_INTERRUPT));
  }
}
