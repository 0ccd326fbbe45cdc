/*
 * The timer of a PC: an Intel 8254 (data sheet 231164) with its CLK at 1.193182 MHz, and the system control port B at
 * 61h, which has GATE and OUT of channel 2, the speaker's channel. docs/vdevs/pit.md lists the differences from
 * silicon.
 */
import { BytePorts, requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { AcpiContext, AcpiPart, ClockTimer, PortHandler, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';
import { acpiDevice, ioResource } from '../ports/acpi-device.js';
import type { LegacyInterrupt } from '../time/legacy-interrupt.js';
import { MissedTicks } from '../time/missed-ticks.js';
import { crystalRate } from '../time/tick-rate.js';
import { Channel } from './channel.js';

const STATE_VERSION = 1;
const RATE = crystalRate(12);
/** Number of ports of the 8254. */
export const PIT_COUNTERS = 4;
const CONTROL_WORD = 3;
/** Control word, bits 7–6: the channel, or the read-back command. */
const READ_BACK = 3;
/** Read-back command: these bits are active low; the channels are in bits 3–1. */
const READ_BACK_NO_COUNT = 1 << 5;
const READ_BACK_NO_STATUS = 1 << 4;

/** Port 61h (Intel ICH9 data sheet, NMI_SC): bits 3–0 can be written. */
const PORT_B_WRITABLE = 0x0f;
const PORT_B_GATE2 = 1 << 0;
const PORT_B_REFRESH = 1 << 4;
const PORT_B_OUT2 = 1 << 5;
/** Ticks between two refreshes of memory, 15.085 µs; each one toggles the refresh bit. */
const REFRESH_TICKS = 18;

/** Ticks between two interrupts at least that make up for missed ones, 10 µs. */
const LEAST_GAP = 12;

const CHANNELS = ['channel0', 'channel1', 'channel2'] as const;

/** @internal */
export class Pit implements Vdev {
  readonly ports: Readonly<Record<string, PortHandler>> = {
    counters: new BytePorts({
      readByte: (port) => this.#readCounter(port),
      writeByte: (port, value) => this.#writeCounter(port, value),
    }),
    control: new BytePorts({
      readByte: (port) => (port === 0 ? this.#readPortB() : 0xff),
      writeByte: (port, value) => {
        if (port === 0) this.#writePortB(value);
      },
    }),
  };
  readonly #context: VdevContext;
  readonly #interrupt: LegacyInterrupt;
  readonly #timer: ClockTimer;
  readonly #first = new Channel();
  readonly #speaker = new Channel();
  readonly #channels: readonly Channel[] = [this.#first, new Channel(), this.#speaker];
  /** Rises of OUT of channel 0 that a late host has missed. */
  readonly #missed = new MissedTicks(LEAST_GAP);
  #portB = 0;

  constructor(context: VdevContext, interrupt: LegacyInterrupt) {
    this.#context = context;
    this.#interrupt = interrupt;
    this.#timer = context.clock.createTimer(`${context.name} channel 0`, () => {
      this.#advance();
      this.#updateInterrupt();
    });
    this.#powerOn();
  }

  reset(): void {
    this.#powerOn();
    this.#updateInterrupt();
  }

  save(): VdevState {
    this.#advance();
    const channels = this.#channels.map((channel, index) => [CHANNELS[index], channel.save()]);
    return { version: STATE_VERSION, state: { ...(Object.fromEntries(channels) as object), portB: this.#portB } };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, [...CHANNELS, 'portB'], 'pit state');
    const portB = requireUnsigned(state.portB, PORT_B_WRITABLE, 'portB');
    const load = CHANNELS.map((name, index) => this.#channels[index]?.decode(state[name], name));
    const tick = this.#now;
    for (const apply of load) apply?.();
    this.#missed.clear();
    for (const { counter } of this.#channels) counter.startAt(tick);
    this.#portB = portB;
    this.#updateInterrupt();
  }

  status(): Readonly<Record<string, Json>> {
    this.#advance();
    return { channels: this.#channels.map((channel) => channel.summary), portB: this.#portB };
  }

  acpi(context: AcpiContext): readonly AcpiPart[] {
    const { portBase } = this.#context;
    const ports = [ioResource(portBase, 'counters', PIT_COUNTERS), ioResource(portBase, 'control', 1)];
    const resources = [...ports, context.interrupt(this.#interrupt.number, 'edge')];
    return [acpiDevice({ prefix: 'TIM', id: 'PNP0100', resources }, context)];
  }

  dispose(): void {
    this.#timer.dispose();
  }

  get #now(): number {
    return RATE.ticksAt(this.#context.clock.now());
  }

  #powerOn(): void {
    this.#missed.clear();
    const tick = this.#now;
    for (const channel of this.#channels) channel.reset(tick);
    this.#portB = 0;
    this.#speaker.counter.setGate(false);
  }

  #advance(): void {
    const tick = this.#now;
    for (const { counter } of this.#channels) counter.advance(tick);
  }

  #readCounter(port: number): number {
    const channel = this.#channels[port];
    if (channel === undefined) return 0xff;
    channel.counter.advance(this.#now);
    return channel.read();
  }

  #writeCounter(port: number, value: number): void {
    this.#advance();
    if (port === CONTROL_WORD) this.#control(value);
    else this.#channels[port]?.write(value);
    const isFirst = port === CONTROL_WORD ? value >>> 6 === 0 : port === 0;
    if (isFirst) this.#missed.clear();
    this.#updateInterrupt();
  }

  #control(word: number): void {
    const select = word >>> 6;
    if (select === READ_BACK) this.#readBack(word);
    else this.#channels[select]?.control(word);
  }

  #readBack(command: number): void {
    this.#channels.forEach((channel, index) => {
      if ((command & (2 << index)) === 0) return;
      if ((command & READ_BACK_NO_COUNT) === 0) channel.latchCount();
      if ((command & READ_BACK_NO_STATUS) === 0) channel.latchStatus();
    });
  }

  #readPortB(): number {
    const tick = this.#now;
    const { counter } = this.#speaker;
    counter.advance(tick);
    const refresh = Math.floor(tick / REFRESH_TICKS) % 2 === 0 ? 0 : PORT_B_REFRESH;
    return this.#portB | refresh | (counter.out ? PORT_B_OUT2 : 0);
  }

  #writePortB(value: number): void {
    const { counter } = this.#speaker;
    counter.advance(this.#now);
    this.#portB = value & PORT_B_WRITABLE;
    counter.setGate((value & PORT_B_GATE2) !== 0);
  }

  /** Drives the interrupt by OUT of channel 0. A low level between two rises is seen when the second one comes. */
  #updateInterrupt(): void {
    const { counter } = this.#first;
    const rises = counter.takeRises();
    const now = this.#now;
    const isMissed = this.#missed.take(now);
    if (counter.period !== undefined) this.#missed.add(rises - 1, now, counter.period);
    if (rises > 0 || isMissed) this.#interrupt.set(false);
    if (isMissed) this.#interrupt.set(true);
    this.#interrupt.set(counter.out);
    const next = Math.min(counter.nextRise() ?? Infinity, this.#missed.due ?? Infinity);
    if (next === Infinity) this.#timer.cancel();
    else this.#timer.arm(RATE.timeOf(next));
  }
}
