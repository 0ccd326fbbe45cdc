import type { LahavTotals } from './totals.js';

/**
 * Formats a duration with three digits: `1.24 ms`. Also runs in the page.
 *
 * @param nanoseconds - not negative.
 * @experimental
 */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${Math.round(nanoseconds)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toPrecision(3)} µs`;
  if (nanoseconds < 1e9) return `${(nanoseconds / 1e6).toPrecision(3)} ms`;
  return `${(nanoseconds / 1e9).toPrecision(nanoseconds < 1e12 ? 3 : 6)} s`;
}

/** Formats a share as percentage: `12.3 %`. Also runs in the page. @experimental */
export function formatShare(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}

/**
 * Distance between the marks of an axis: 1, 2 or 5 times a power of ten, for at most `most` marks. Also runs in the
 * page.
 *
 * @experimental
 */
export function tickStep(span: number, most: number): number {
  const raw = Math.max(1, span / most);
  const power = 10 ** Math.floor(Math.log10(raw));
  const digit = raw / power;
  return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

/** Formats the label of a segment: `mmio pl011-0`, `linux/0`. Also runs in the page. @experimental */
export function labelText(label: {
  readonly kind: string;
  readonly vm: string;
  readonly vcpu: number;
  readonly cause: string;
  readonly vdev: string;
}): string {
  if (label.kind === 'idle') return 'idle';
  if (label.kind === 'guest') return `${label.vm}/${label.vcpu}`;
  return label.vdev === '' ? label.cause : `${label.cause} ${label.vdev}`;
}

/** Number of exits, with their rate where there is one: `12 exits, 30/s`. @experimental */
export function formatExits({ exits, exitsPerSecond }: LahavTotals, noun: string): string {
  const rate = exitsPerSecond === undefined ? '' : `, ${Math.round(exitsPerSecond)}/s`;
  return `${exits} ${noun}${rate}`;
}
