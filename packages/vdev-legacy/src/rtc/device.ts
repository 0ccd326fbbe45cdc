/*
 * The real-time clock of PCs: a Motorola MC146818 with 128 bytes of memory, and the century, at ports 70h and 71h.
 * docs/vdevs/rtc.md lists the differences from silicon.
 */
import {
  BytePorts,
  requireBoolean,
  requireObject,
  requireUnsigned,
  requireUnsignedArray,
  requireVersion,
} from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { AcpiContext, AcpiPart, ClockTimer, PortHandler, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';
import { acpiDevice, ioResource } from '../ports/acpi-device.js';
import type { LegacyInterrupt } from '../time/legacy-interrupt.js';
import { secondsToAlarm } from './alarm.js';
import {
  A_DV,
  A_DV_RUNNING,
  A_RS,
  A_UIP,
  B_AIE,
  B_PIE,
  B_SET,
  B_UIE,
  C_AF,
  C_FLAGS,
  C_IRQF,
  C_PF,
  C_UF,
  D_VRT,
  HOURS_ALARM,
  MINUTES_ALARM,
  REGISTER_A,
  REGISTER_B,
  REGISTER_C,
  REGISTER_D,
  SECONDS_ALARM,
} from './constants.js';
import { decodeTime, encodeTime, TIME_REGISTERS } from './format.js';
import { dividerTick, dividerTime, periodicTicks } from './periodic.js';
import { WallTime } from './wall-time.js';

const STATE_VERSION = 1;
/** Number of ports: index and data. */
export const RTC_PORTS = 2;
const CMOS_BYTES = 128;
const INDEX_BITS = 0x7f;
const NMI_MASK = 0x80;
/** Register A as firmware sets it: the clock runs, periodic rate of 1024 Hz. Register B: 24 hours, decimal. */
const POWER_ON_A = 0x26;
const POWER_ON_B = 0x02;
/** UIP is set so long before an update begins, and an update takes so long (data sheet, "Update cycle"). */
const UPDATE_SECONDS = (244 + 1984) * 1e-6;
const NS_PER_SECOND = 1e9;
/** Longest wait: the host's wall clock may be set meanwhile, so distant events are checked at least every hour. */
const MAX_WAIT_S = 3600;
/** Shortest wait, if the wall clock lags the timer. */
const MIN_WAIT_NS = 1000;

const MEMBERS = [
  ...['memory', 'index', 'nmiMasked', 'flags', 'phase', 'offset', 'weekdayShift', 'dividerStart', 'update', 'period'],
] as const;

/** @internal */
export class Rtc implements Vdev {
  readonly ports: Readonly<Record<string, PortHandler>> = {
    registers: new BytePorts({
      readByte: (port) => (port === 1 ? this.#read(this.#index) : 0xff),
      writeByte: (port, value) => {
        if (port === 0) this.#select(value);
        else if (port === 1) this.#write(this.#index, value);
      },
    }),
  };
  readonly #context: VdevContext;
  readonly #interrupt: LegacyInterrupt;
  readonly #timer: ClockTimer;
  readonly #time: WallTime;
  /** All registers; those of the time count only while it stands. */
  readonly #memory = new Uint8Array(CMOS_BYTES);
  #index = 0;
  #nmiMasked = false;
  #flags = 0;
  #weekdayShift = 0;
  /** The tick of 32.768 kHz at which the divider chain was released. */
  #dividerStart = 0;
  /** The update, and the period of the periodic interrupt, up to which flags were set. */
  #update = 0;
  #period = 0;

  constructor(context: VdevContext, interrupt: LegacyInterrupt) {
    this.#context = context;
    this.#interrupt = interrupt;
    this.#time = new WallTime(context.clock);
    this.#timer = context.clock.createTimer(`${context.name} events`, () => this.#refresh());
    this.reset();
  }

  reset(): void {
    this.#memory.fill(0);
    this.#memory[REGISTER_A] = POWER_ON_A;
    this.#memory[REGISTER_B] = POWER_ON_B;
    this.#index = 0;
    this.#nmiMasked = false;
    this.#flags = 0;
    this.#weekdayShift = 0;
    this.#dividerStart = 0;
    this.#time.reset();
    this.#skipEvents();
    this.#refresh();
  }

  save(): VdevState {
    this.#noteEvents();
    const state = {
      memory: Array.from(this.#memory),
      index: this.#index,
      nmiMasked: this.#nmiMasked,
      flags: this.#flags,
      ...this.#time.save(),
      weekdayShift: this.#weekdayShift,
      dividerStart: this.#dividerStart,
      update: this.#update,
      period: this.#period,
    };
    return { version: STATE_VERSION, state };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, MEMBERS, 'rtc state');
    const memory = requireUnsignedArray(state.memory, CMOS_BYTES, 0xff, 'memory');
    requireUnsigned(CMOS_BYTES - memory.length, 0, 'number of missing bytes of memory');
    const index = requireUnsigned(state.index, INDEX_BITS, 'index');
    const flags = requireUnsigned(state.flags, C_FLAGS, 'flags') & C_FLAGS;
    const weekdayShift = requireUnsigned(state.weekdayShift, 6, 'weekdayShift');
    const dividerStart = requireUnsigned(state.dividerStart, Number.MAX_SAFE_INTEGER, 'dividerStart');
    const update = requireUnsigned(state.update, Number.MAX_SAFE_INTEGER, 'update');
    const period = requireUnsigned(state.period, Number.MAX_SAFE_INTEGER, 'period');
    const nmiMasked = requireBoolean(state.nmiMasked, 'nmiMasked');
    this.#time.decode(state.phase, state.offset)();
    this.#memory.set(memory);
    this.#index = index;
    this.#nmiMasked = nmiMasked;
    this.#flags = flags;
    this.#weekdayShift = weekdayShift;
    this.#dividerStart = Math.min(dividerStart, this.#dividerNow);
    this.#update = update;
    this.#period = period;
    this.#refresh();
  }

  status(): Readonly<Record<string, Json>> {
    const time = this.#counting ? { seconds: this.#time.seconds } : this.#heldTime;
    return {
      time: new Date(time.seconds * 1000).toISOString(),
      counting: this.#counting,
      nmiMasked: this.#nmiMasked,
      registerA: this.#register(REGISTER_A),
      registerB: this.#register(REGISTER_B),
      flags: this.#flags,
    };
  }

  acpi(context: AcpiContext): readonly AcpiPart[] {
    const registers = ioResource(this.#context.portBase, 'registers', RTC_PORTS);
    const resources = [registers, context.interrupt(this.#interrupt.number, 'edge')];
    return [acpiDevice({ prefix: 'RTC', id: 'PNP0B00', resources }, context)];
  }

  dispose(): void {
    this.#timer.dispose();
  }

  get #running(): boolean {
    return (this.#register(REGISTER_A) & A_DV) === A_DV_RUNNING;
  }

  /** Whether the time goes on: the divider chain runs, and no program is setting the time. */
  get #counting(): boolean {
    return this.#running && (this.#register(REGISTER_B) & B_SET) === 0;
  }

  get #updating(): boolean {
    return this.#counting && this.#time.fraction >= 1 - UPDATE_SECONDS;
  }

  get #dividerNow(): number {
    return dividerTick(this.#context.clock.now());
  }

  /** Periods of the periodic interrupt since the release of the divider chain. */
  get #periodNow(): number {
    const ticks = this.#running ? periodicTicks(this.#register(REGISTER_A) & A_RS) : undefined;
    return ticks === undefined ? 0 : Math.floor((this.#dividerNow - this.#dividerStart) / ticks);
  }

  get #heldTime(): ReturnType<typeof decodeTime> {
    return decodeTime((register) => this.#register(register), this.#register(REGISTER_B));
  }

  #register(register: number): number {
    return this.#memory[register] ?? 0;
  }

  #select(value: number): void {
    this.#index = value & INDEX_BITS;
    this.#nmiMasked = (value & NMI_MASK) !== 0;
  }

  #read(register: number): number {
    if (register === REGISTER_A) return this.#register(REGISTER_A) | (this.#updating ? A_UIP : 0);
    if (register === REGISTER_C) return this.#takeFlags();
    if (register === REGISTER_D) return D_VRT;
    if (isTimeRegister(register) && this.#counting) return this.#encodeNow(register);
    return this.#register(register);
  }

  #write(register: number, value: number): void {
    this.#noteEvents();
    if (register === REGISTER_A) this.#control(REGISTER_A, value & ~A_UIP);
    else if (register === REGISTER_B) this.#control(REGISTER_B, this.#enableBits(value));
    else if (isTimeRegister(register) && this.#counting) this.#setNow(register, value);
    else if (register !== REGISTER_C && register !== REGISTER_D) this.#memory[register] = value;
    this.#refresh();
  }

  /** SET clears UIE (data sheet, "Register B"). */
  #enableBits(value: number): number {
    return (value & B_SET) === 0 ? value : value & ~B_UIE;
  }

  /** Writes register A or B: the time stands, and goes on, as they say. */
  #control(register: number, value: number): void {
    const [running, counting] = [this.#running, this.#counting];
    if (counting) for (const time of TIME_REGISTERS) this.#memory[time] = this.#encodeNow(time);
    this.#memory[register] = value;
    if (this.#running && !running) {
      this.#time.release();
      this.#dividerStart = this.#dividerNow;
    }
    if (this.#counting && !counting) this.#setTime(this.#heldTime);
    this.#skipEvents();
  }

  #encodeNow(register: number): number {
    const time = { seconds: this.#time.seconds, weekdayShift: this.#weekdayShift };
    return encodeTime(register, time, this.#register(REGISTER_B));
  }

  /** Sets one register of the time while it goes on. */
  #setNow(register: number, value: number): void {
    const read = (time: number): number => (time === register ? value : this.#encodeNow(time));
    this.#setTime(decodeTime(read, this.#register(REGISTER_B)));
  }

  #setTime({ seconds, weekdayShift }: ReturnType<typeof decodeTime>): void {
    this.#time.set(seconds);
    this.#weekdayShift = weekdayShift;
  }

  #takeFlags(): number {
    this.#noteEvents();
    const flags = this.#flags | (this.#requested ? C_IRQF : 0);
    this.#flags = 0;
    this.#refresh();
    return flags;
  }

  /** Flags are at the places of their enable bits. */
  get #requested(): boolean {
    return (this.#flags & this.#register(REGISTER_B)) !== 0;
  }

  /** Events until now set no flag. */
  #skipEvents(): void {
    this.#update = this.#time.updates;
    this.#period = this.#periodNow;
  }

  /** Sets the flags of the events since the last call. */
  #noteEvents(): void {
    const passed = this.#counting ? this.#time.updates - this.#update : 0;
    if (passed > 0) this.#flags |= C_UF;
    if (passed > 0 && (this.#secondsToAlarm(this.#time.seconds - passed) ?? Infinity) <= passed) this.#flags |= C_AF;
    if (this.#periodNow > this.#period) this.#flags |= C_PF;
    this.#skipEvents();
  }

  #secondsToAlarm(time: number): number | undefined {
    const alarm = {
      seconds: this.#register(SECONDS_ALARM),
      minutes: this.#register(MINUTES_ALARM),
      hours: this.#register(HOURS_ALARM),
    };
    return secondsToAlarm(time, alarm, this.#register(REGISTER_B));
  }

  /** Sets the interrupt, and the timer to the next event that would request it. */
  #refresh(): void {
    this.#noteEvents();
    this.#interrupt.set(this.#requested);
    const next = Math.min(this.#nextPeriod ?? Infinity, this.#nextUpdate ?? Infinity);
    if (next === Infinity || this.#requested) this.#timer.cancel();
    else this.#timer.arm(next);
  }

  get #nextPeriod(): number | undefined {
    const ticks = periodicTicks(this.#register(REGISTER_A) & A_RS);
    if (ticks === undefined || !this.#running || (this.#register(REGISTER_B) & B_PIE) === 0) return undefined;
    return dividerTime(this.#dividerStart + (this.#period + 1) * ticks);
  }

  get #nextUpdate(): number | undefined {
    const enabled = this.#register(REGISTER_B);
    if (!this.#counting) return undefined;
    const alarm = (enabled & B_AIE) === 0 ? undefined : this.#secondsToAlarm(this.#time.seconds);
    const updates = (enabled & B_UIE) === 0 ? alarm : 1;
    if (updates === undefined) return undefined;
    const wait = Math.min(MAX_WAIT_S, this.#time.until(this.#update + updates));
    return this.#context.clock.now() + Math.max(MIN_WAIT_NS, Math.ceil(wait * NS_PER_SECOND));
  }
}

function isTimeRegister(register: number): boolean {
  return TIME_REGISTERS.includes(register);
}
