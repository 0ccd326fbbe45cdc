import { fromBcd, toBcd } from '../time/bcd.js';
import {
  B_24_12,
  B_DM,
  CENTURY,
  DATE_OF_MONTH,
  DAY_OF_WEEK,
  HOURS,
  HOURS_PM,
  MINUTES,
  MONTH,
  SECONDS,
  YEAR,
} from './constants.js';

/** The registers that hold the time. */
export const TIME_REGISTERS: readonly number[] = [
  ...[SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DATE_OF_MONTH, MONTH, YEAR, CENTURY],
];

const SECONDS_PER_DAY = 86_400;
const DAYS_PER_WEEK = 7;
/** 1970-01-01 was a Thursday; Sunday is day 1. */
const FIRST_WEEKDAY = 4;

/**
 * A time: seconds since 1970, and the days by which the day of the week differs from the calendar's.
 *
 * @internal
 */
export interface RtcTime {
  readonly seconds: number;
  /** 0 to 6. */
  readonly weekdayShift: number;
}

/** A number as the data mode of register B wants it. */
export function encode(value: number, registerB: number): number {
  return (registerB & B_DM) !== 0 ? value : toBcd(value);
}

/** The number that a register holds. */
export function decode(byte: number, registerB: number): number {
  return (registerB & B_DM) !== 0 ? byte : fromBcd(byte);
}

/** An hour, 0 to 23, as register B wants it: 1 to 12 with a bit for the afternoon, or 0 to 23. */
export function encodeHour(hour: number, registerB: number): number {
  if ((registerB & B_24_12) !== 0) return encode(hour, registerB);
  return encode(hour % 12 === 0 ? 12 : hour % 12, registerB) | (hour < 12 ? 0 : HOURS_PM);
}

function decodeHour(byte: number, registerB: number): number {
  if ((registerB & B_24_12) !== 0) return decode(byte, registerB);
  const hour = decode(byte & ~HOURS_PM, registerB) % 12;
  return (byte & HOURS_PM) === 0 ? hour : hour + 12;
}

/**
 * The contents of a time register.
 *
 * @internal
 */
export function encodeTime(register: number, { seconds, weekdayShift }: RtcTime, registerB: number): number {
  const date = new Date(seconds * 1000);
  switch (register) {
    case SECONDS:
      return encode(date.getUTCSeconds(), registerB);
    case MINUTES:
      return encode(date.getUTCMinutes(), registerB);
    case HOURS:
      return encodeHour(date.getUTCHours(), registerB);
    case DAY_OF_WEEK:
      return encode(weekday(seconds, weekdayShift) + 1, registerB);
    case DATE_OF_MONTH:
      return encode(date.getUTCDate(), registerB);
    case MONTH:
      return encode(date.getUTCMonth() + 1, registerB);
    case YEAR:
      return encode(date.getUTCFullYear() % 100, registerB);
    default:
      return encode(Math.floor(date.getUTCFullYear() / 100) % 100, registerB);
  }
}

/**
 * The time that the registers hold. Values that are no date count on: the 31st of April is the 1st of May.
 *
 * @param read - the contents of a time register.
 * @internal
 */
export function decodeTime(read: (register: number) => number, registerB: number): RtcTime {
  const value = (register: number): number => decode(read(register), registerB);
  const date = new Date(0);
  date.setUTCFullYear(value(CENTURY) * 100 + value(YEAR), value(MONTH) - 1, value(DATE_OF_MONTH));
  date.setUTCHours(decodeHour(read(HOURS), registerB), value(MINUTES), value(SECONDS));
  const seconds = date.getTime() / 1000;
  const days = value(DAY_OF_WEEK) - 1 - weekday(seconds, 0);
  return { seconds, weekdayShift: ((days % DAYS_PER_WEEK) + DAYS_PER_WEEK) % DAYS_PER_WEEK };
}

/** 0 for Sunday, to 6. */
function weekday(seconds: number, shift: number): number {
  const days = Math.floor(seconds / SECONDS_PER_DAY) + FIRST_WEEKDAY + shift;
  return ((days % DAYS_PER_WEEK) + DAYS_PER_WEEK) % DAYS_PER_WEEK;
}
