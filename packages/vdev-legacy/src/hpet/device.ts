/*
 * High-precision event timer, from the IA-PC HPET Specification 1.0a: a main counter of 64 bits at 100 MHz and three
 * timers, one-shot and periodic. Interrupts are wires; there are no messages (FSB).
 */
import { requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type {
  AccessWidth,
  AcpiContext,
  AcpiPart,
  ClockTimer,
  InterruptLine,
  MmioHandler,
  Vdev,
  VdevContext,
  VdevState,
  WideValue,
} from '@qvm/core/vdev';
import { acpiDevice } from '../ports/acpi-device.js';
import { PIT_INTERRUPT, RTC_INTERRUPT, type LegacyInterrupt } from '../time/legacy-interrupt.js';
import { Comparator, LEAST_PERIOD } from './comparator.js';
import {
  CAPABILITIES,
  CONFIGURATION,
  COUNT_SIZE_CAP,
  COUNTER_CLK_PERIOD,
  ENABLE_CNF,
  INTERRUPT_STATUS,
  LEG_RT_CAP,
  LEG_RT_CNF,
  MAIN_COUNTER,
  NUM_TIM_CAP_SHIFT,
  REV_ID,
  TIMER_STRIDE,
  TIMERS,
  TN_COMPARATOR,
  TN_CONFIGURATION,
  TN_ROUTE_CAP,
  VENDOR_ID_SHIFT,
} from './constants.js';
import { MainCounter } from './main-counter.js';

const STATE_VERSION = 1;
/** Size of the registers in bytes. */
export const HPET_SIZE = 0x400;
/** 10 ns in femtoseconds. */
const PERIOD_FS = 10_000_000;
const VENDOR_ID = 0x8086;
const NAMES = ['timer0', 'timer1', 'timer2'] as const;
const ALL_TIMERS = (1 << NAMES.length) - 1;
/** Routes are numbers of five bits. */
const ROUTES = 32;

/** @internal */
export class Hpet implements Vdev, MmioHandler {
  readonly mmio: Readonly<Record<string, MmioHandler>> = { registers: this };
  readonly #context: VdevContext;
  readonly #interrupt: InterruptLine;
  /** The interrupts of the PIT and of the real-time clock, for the legacy replacement route. */
  readonly #legacy: readonly [LegacyInterrupt, LegacyInterrupt] | undefined;
  readonly #timer: ClockTimer;
  readonly #counter: MainCounter;
  readonly #timers: readonly Comparator[] = NAMES.map(() => new Comparator());
  readonly #wide: WideValue = { lo: 0, hi: 0 };
  #configuration = 0;
  #status = 0;

  constructor(context: VdevContext) {
    this.#context = context;
    this.#interrupt = context.interrupt('timers');
    const [pit, rtc] = [context.optionalAttachment(PIT_INTERRUPT), context.optionalAttachment(RTC_INTERRUPT)];
    this.#legacy = pit === undefined || rtc === undefined ? undefined : [pit, rtc];
    this.#counter = new MainCounter(context.clock);
    this.#timer = context.clock.createTimer(`${context.name} comparators`, () => this.#refresh());
  }

  /** The low word of the capabilities register, for the HPET table of ACPI. */
  get capabilities(): number {
    const legacy = this.#legacy === undefined ? 0 : LEG_RT_CAP;
    const timers = (NAMES.length - 1) << NUM_TIM_CAP_SHIFT;
    return ((VENDOR_ID << VENDOR_ID_SHIFT) | legacy | COUNT_SIZE_CAP | timers | REV_ID) >>> 0;
  }

  read(offset: number, width: AccessWidth): number {
    const word = this.#readWord(offset & ~3);
    return Math.floor(word / 2 ** (8 * (offset & 3))) % 2 ** (8 * width);
  }

  /** The registers take 32 and 64 bits (section 2.3.2). */
  write(offset: number, width: AccessWidth, value: number): void {
    if (width !== 4 || (offset & 3) !== 0) return;
    if ((offset & 4) === 0) this.#write(offset, value, undefined);
    else this.#write(offset - 4, undefined, value);
  }

  readWide(offset: number, value: WideValue): void {
    if (offset === MAIN_COUNTER) return this.#counter.read(value);
    value.lo = this.#readWord(offset);
    value.hi = this.#readWord(offset + 4);
  }

  writeWide(offset: number, { lo, hi }: Readonly<WideValue>): void {
    this.#write(offset, lo, hi);
  }

  reset(): void {
    this.#configuration = 0;
    this.#status = 0;
    this.#counter.reset();
    for (const timer of this.#timers) timer.reset();
    this.#connectLegacy();
    this.#refresh();
  }

  save(): VdevState {
    this.#matchAll();
    const timers = this.#timers.map((timer, index) => [NAMES[index], timer.save()]);
    const state = {
      configuration: this.#configuration,
      status: this.#status,
      counter: this.#counter.save(),
      ...(Object.fromEntries(timers) as Record<string, Json>),
    };
    return { version: STATE_VERSION, state };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['configuration', 'status', 'counter', ...NAMES], 'hpet state');
    const configuration = requireUnsigned(state.configuration, this.#writable, 'configuration') & this.#writable;
    const status = requireUnsigned(state.status, ALL_TIMERS, 'status');
    const load = [
      this.#counter.decode(state.counter, (configuration & ENABLE_CNF) !== 0),
      ...NAMES.map((name, index) => this.#timers[index]?.decode(state[name], name)),
    ];
    for (const apply of load) apply?.();
    this.#configuration = configuration;
    this.#status = status;
    this.#connectLegacy();
    this.#schedule(this.#timers);
    this.#refresh();
  }

  status(): Readonly<Record<string, Json>> {
    return {
      running: this.#counter.running,
      counter: `0x${this.#counter.value.toString(16)}`,
      legacy: this.#isLegacy,
      timers: this.#timers.map(({ interruptEnabled, due }) => ({
        enabled: interruptEnabled,
        ticksToMatch: due === undefined ? null : Math.max(0, due - this.#counter.tick),
      })),
    };
  }

  acpi(context: AcpiContext): readonly AcpiPart[] {
    const address = this.#context.mmioBase.registers ?? 0;
    const resources = [{ kind: 'memory', base: address, size: HPET_SIZE }] as const;
    return [
      { kind: 'hpet', address, id: this.capabilities, minimumTick: LEAST_PERIOD },
      acpiDevice({ prefix: 'HPE', id: 'PNP0103', resources }, context),
    ];
  }

  dispose(): void {
    this.#timer.dispose();
  }

  /** The bits of the general configuration that a program can set. */
  get #writable(): number {
    return ENABLE_CNF | (this.#legacy === undefined ? 0 : LEG_RT_CNF);
  }

  /** Whether timers 0 and 1 drive the interrupts of the PIT and of the real-time clock (section 2.3.5). */
  get #isLegacy(): boolean {
    const both = ENABLE_CNF | LEG_RT_CNF;
    return (this.#configuration & both) === both;
  }

  #readWord(offset: number): number {
    switch (offset) {
      case CAPABILITIES:
        return this.capabilities;
      case COUNTER_CLK_PERIOD:
        return PERIOD_FS;
      case CONFIGURATION:
        return this.#configuration;
      case INTERRUPT_STATUS:
        return this.#status;
      case MAIN_COUNTER:
      case MAIN_COUNTER + 4:
        this.#counter.read(this.#wide);
        return offset === MAIN_COUNTER ? this.#wide.lo : this.#wide.hi;
      default:
        return this.#readTimer(offset);
    }
  }

  #readTimer(offset: number): number {
    const timer = this.#timerAt(offset);
    if (timer === undefined) return 0;
    switch ((offset - TIMERS) % TIMER_STRIDE) {
      case TN_CONFIGURATION:
        return timer.configuration;
      case TN_ROUTE_CAP:
        return this.#interrupt.number < ROUTES ? 2 ** this.#interrupt.number : 0;
      case TN_COMPARATOR:
      case TN_COMPARATOR + 4:
        this.#matchAll();
        return timer.read((offset & 4) !== 0);
      default:
        return 0;
    }
  }

  #timerAt(offset: number): Comparator | undefined {
    return offset < TIMERS ? undefined : this.#timers[Math.floor((offset - TIMERS) / TIMER_STRIDE)];
  }

  /** Writes words of the register at `offset`, a multiple of 8. */
  #write(offset: number, lo: number | undefined, hi: number | undefined): void {
    this.#matchAll();
    if (offset === MAIN_COUNTER) this.#counter.write(lo, hi);
    else if (offset === CONFIGURATION) this.#configure(lo ?? this.#configuration);
    else if (offset === INTERRUPT_STATUS) this.#status &= ~(lo ?? 0);
    else this.#writeTimer(offset, lo, hi);
    this.#refresh();
  }

  #writeTimer(offset: number, lo: number | undefined, hi: number | undefined): void {
    const timer = this.#timerAt(offset);
    const register = (offset - TIMERS) % TIMER_STRIDE;
    if (timer === undefined) return;
    if (register === TN_COMPARATOR) timer.write(lo, hi);
    else if (register === TN_CONFIGURATION && lo !== undefined) timer.configure(lo);
    else return;
    if (!timer.levelTriggered) this.#status &= ~(1 << this.#timers.indexOf(timer));
    this.#schedule([timer]);
  }

  #configure(value: number): void {
    const legacy = this.#isLegacy;
    this.#configuration = value & this.#writable;
    this.#counter.run((value & ENABLE_CNF) !== 0);
    this.#schedule(this.#timers);
    if (this.#isLegacy !== legacy) this.#connectLegacy();
  }

  /** Connects the interrupts of the PIT and of the real-time clock to timers 0 and 1, or back. */
  #connectLegacy(): void {
    for (const interrupt of this.#legacy ?? []) interrupt.replace(this.#isLegacy ? false : undefined);
  }

  #schedule(timers: readonly Comparator[]): void {
    const counter = this.#counter.running ? this.#counter.value : undefined;
    const { tick } = this.#counter;
    for (const timer of timers) timer.schedule(counter, tick);
  }

  /** Performs the matches that are due. */
  #matchAll(): void {
    const { tick } = this.#counter;
    this.#timers.forEach((timer, index) => {
      if (timer.due === undefined || timer.due > tick) return;
      timer.match(tick);
      if (timer.interruptEnabled) this.#interruptBy(timer, index);
    });
  }

  #interruptBy(timer: Comparator, index: number): void {
    if (timer.levelTriggered) {
      this.#status |= 1 << index;
      return;
    }
    const legacy = this.#isLegacy ? this.#legacy?.[index] : undefined;
    // Stays high until the next one: a controller of ISA interrupts looks at the level when it is asked for the vector.
    legacy?.replace(false);
    legacy?.replace(true);
    if (legacy === undefined && timer.route === this.#interrupt.number) this.#interrupt.pulse();
  }

  #refresh(): void {
    this.#matchAll();
    this.#setLevels();
    const due = Math.min(...this.#timers.map((timer) => timer.due ?? Infinity));
    if (due === Infinity) this.#timer.cancel();
    else this.#timer.arm(MainCounter.timeOf(due));
  }

  #setLevels(): void {
    let level = false;
    this.#timers.forEach((timer, index) => {
      const active = (this.#status & (1 << index)) !== 0;
      const legacy = this.#isLegacy ? this.#legacy?.[index] : undefined;
      if (legacy === undefined) level ||= active && timer.interruptEnabled && timer.route === this.#interrupt.number;
      else if (timer.levelTriggered) legacy.replace(active && timer.interruptEnabled);
    });
    this.#interrupt.set(level);
  }
}
