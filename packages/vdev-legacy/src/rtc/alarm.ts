import { DO_NOT_CARE } from './constants.js';
import { encode, encodeHour } from './format.js';

const HOURS_PER_DAY = 24;
const MINUTES_PER_HOUR = 60;
const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3600;
const SECONDS_PER_DAY = 86_400;

/** The contents of the alarm registers. */
export interface AlarmRegisters {
  readonly seconds: number;
  readonly minutes: number;
  readonly hours: number;
}

/**
 * Seconds until the alarm, from the end of second `time` (seconds since 1970) on: 1 to 86,400; `undefined` if the
 * registers match no time.
 *
 * @internal
 */
export function secondsToAlarm(time: number, alarm: AlarmRegisters, registerB: number): number | undefined {
  const matches = (register: number, byte: number): boolean =>
    (register & DO_NOT_CARE) === DO_NOT_CARE || register === byte;
  const hour = (value: number): boolean => matches(alarm.hours, encodeHour(value % HOURS_PER_DAY, registerB));
  const minute = (value: number): boolean => matches(alarm.minutes, encode(value, registerB));
  const second = (value: number): boolean => matches(alarm.seconds, encode(value, registerB));
  const first = time - Math.floor(time / SECONDS_PER_DAY) * SECONDS_PER_DAY + 1;
  const firstHour = Math.floor(first / SECONDS_PER_HOUR);
  for (let h = firstHour; h <= firstHour + HOURS_PER_DAY; h++) {
    if (!hour(h)) continue;
    const start = Math.max(first, h * SECONDS_PER_HOUR);
    const found = inHour(start % SECONDS_PER_HOUR, minute, second);
    if (found !== undefined) return h * SECONDS_PER_HOUR + found - first + 1;
  }
  return undefined;
}

/** The first match in an hour, in seconds, from `start` on. */
function inHour(
  start: number,
  minute: (value: number) => boolean,
  second: (value: number) => boolean,
): number | undefined {
  const firstMinute = Math.floor(start / SECONDS_PER_MINUTE);
  for (let m = firstMinute; m < MINUTES_PER_HOUR; m++) {
    if (!minute(m)) continue;
    for (let s = m === firstMinute ? start % SECONDS_PER_MINUTE : 0; s < SECONDS_PER_MINUTE; s++) {
      if (second(s)) return m * SECONDS_PER_MINUTE + s;
    }
  }
  return undefined;
}
