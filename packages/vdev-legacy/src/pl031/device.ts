/*
 * Arm PrimeCell Real Time Clock (PL031), from the Technical Reference Manual DDI 0224.
 *
 * Models the register map, setting the time, and the alarm with its interrupt. Omits the integration-test registers.
 * The clock is enabled from the start, like one with a battery.
 */
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
import { PRIMECELL_SIZE, primeCellNode } from '../primecell.js';
import { pl031Registers } from './registers.js';
import type { Pl031Operations, Pl031RegisterName } from './registers.js';

const STATE_VERSION = 1;
const NS_PER_SECOND = 1e9;
/**
 * Longest wait for an alarm: the host's wall clock may be set meanwhile, so a distant alarm is checked at least every
 * hour.
 */
const MAX_WAIT_S = 3600;
/** Shortest wait, if the wall clock lags the timer: the alarm may be a millisecond late, which avoids a loop. */
const MIN_WAIT_S = 0.001;

/** @internal */
export class Pl031 implements Vdev, Pl031Operations {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly #context: VdevContext;
  readonly #registers: RegisterBlock<Pl031Operations, Pl031RegisterName>;
  readonly #interrupt: InterruptLine;
  readonly #timer: ClockTimer;
  /** DR minus the wall clock, modulo 2^32. */
  #offset = 0;
  /** The wall-clock second at which DR reaches MR; `undefined` if there is no pending alarm. */
  #alarm: number | undefined;

  constructor(context: VdevContext) {
    this.#context = context;
    this.#registers = new RegisterBlock(pl031Registers, this as Pl031Operations, PRIMECELL_SIZE);
    this.mmio = { registers: { read: this.#read, write: this.#write } };
    this.#interrupt = context.interrupt('rtc');
    this.#timer = context.clock.createTimer(`${context.name} alarm`, () => this.#checkAlarm());
  }

  reset(): void {
    this.#registers.reset();
    this.#offset = 0;
    this.#alarm = undefined;
    this.#timer.cancel();
    this.#updateInterrupt();
  }

  save(): VdevState {
    const state = { registers: this.#registers.save(), offset: this.#offset, alarm: this.#alarm ?? null };
    return { version: STATE_VERSION, state };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['registers', 'offset', 'alarm'], 'pl031 state');
    const registers = this.#registers.decode(state.registers);
    const offset = requireUnsigned(state.offset, 0xffff_ffff, 'offset');
    this.#alarm = state.alarm === null ? undefined : requireUnsigned(state.alarm, Number.MAX_SAFE_INTEGER, 'alarm');
    this.#offset = offset;
    this.#registers.load(registers);
    this.#updateInterrupt();
    this.#checkAlarm();
  }

  status(): Readonly<Record<string, Json>> {
    return { time: this.time(), alarm: this.#alarm !== undefined, registers: this.#registers.save() };
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const resources = { base: this.#context.mmioBase.registers ?? 0, interrupt: this.#interrupt.number };
    return [primeCellNode('pl031', ['apb_pclk'], resources, context)];
  }

  dispose(): void {
    this.#timer.dispose();
  }

  time(): number {
    return (this.#wallSeconds() + this.#offset) >>> 0;
  }

  matchChanged(): void {
    this.#setAlarm();
  }

  loadChanged(value: number): void {
    this.#offset = (value - this.#wallSeconds()) >>> 0;
    this.#setAlarm();
  }

  interruptMaskChanged(): void {
    this.#updateInterrupt();
  }

  maskedInterrupt(): number {
    return this.#registers.get('RIS') & this.#registers.get('IMSC');
  }

  clearInterrupt(value: number): void {
    if (value !== 0) {
      this.#registers.set('RIS', 0);
      this.#updateInterrupt();
    }
  }

  readonly #read: MmioHandler['read'] = (offset, width) => {
    this.#catchUp();
    return this.#registers.read(offset, width);
  };

  readonly #write: MmioHandler['write'] = (offset, width, value) => {
    this.#catchUp();
    this.#registers.write(offset, width, value);
  };

  /** The host's timer may be late: if the guest reads the alarm's time, the alarm must be raised. */
  #catchUp(): void {
    if (this.#alarm !== undefined && this.#alarm <= this.#context.clock.wallClockSeconds()) this.#checkAlarm();
  }

  /** A match value in the past is reached after DR has wrapped around. */
  #setAlarm(): void {
    this.#alarm = this.#wallSeconds() + ((this.#registers.get('MR') - this.time()) >>> 0);
    this.#checkAlarm();
  }

  #checkAlarm(): void {
    if (this.#alarm === undefined) {
      this.#timer.cancel();
      return;
    }
    const remaining = this.#alarm - this.#context.clock.wallClockSeconds();
    if (remaining > 0) {
      const wait = Math.min(MAX_WAIT_S, Math.max(MIN_WAIT_S, remaining));
      this.#timer.arm(this.#context.clock.now() + Math.ceil(wait * NS_PER_SECOND));
      return;
    }
    this.#alarm = undefined;
    this.#timer.cancel();
    this.#registers.set('RIS', 1);
    this.#updateInterrupt();
  }

  #wallSeconds(): number {
    return Math.floor(this.#context.clock.wallClockSeconds());
  }

  #updateInterrupt(): void {
    this.#interrupt.set(this.maskedInterrupt() !== 0);
  }
}
