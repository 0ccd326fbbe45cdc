import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, '': 1e9 };

/** Parses a time such as `1.5s`, `20ms`, `300us` or `2` (seconds); returns nanoseconds. */
export function parseTime(text: string): number {
  const [, digits, unit] = /^(\d{1,15}(?:\.\d{1,9})?)\s*(ns|us|µs|ms|s|)$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) {
    throw new InvalidArgumentError('It must be a time such as 1.5s, 20ms or 300us.');
  }
  return Math.round(Number(digits) * (UNITS[unit] ?? 1e9));
}
