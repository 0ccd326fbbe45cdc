const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The time counters of an MC146818 with a century, which go on second by second and carry, without any calendar of the
 * host: an oracle for the device, which computes.
 */
export class SteppedClock {
  second = 0;
  minute = 0;
  hour = 0;
  weekday = 1;
  day = 1;
  month = 1;
  year = 0;

  /** One second later. */
  step(): void {
    this.second = (this.second + 1) % 60;
    if (this.second !== 0) return;
    this.minute = (this.minute + 1) % 60;
    if (this.minute !== 0) return;
    this.hour = (this.hour + 1) % 24;
    if (this.hour !== 0) return;
    this.weekday = (this.weekday % 7) + 1;
    const leap = (this.year % 4 === 0 && this.year % 100 !== 0) || this.year % 400 === 0;
    const days = this.month === 2 && leap ? 29 : (DAYS[this.month - 1] ?? 0);
    this.day = (this.day % days) + 1;
    if (this.day !== 1) return;
    this.month = (this.month % 12) + 1;
    if (this.month === 1) this.year++;
  }

  /** The registers 0, 2, 4, 6 to 9 and 32h, by the modes of register B. */
  registers(hours24: boolean, binary: boolean): readonly number[] {
    const put = (value: number): number => (binary ? value : Number.parseInt(String(value), 16));
    const hour = hours24 ? put(this.hour) : put(((this.hour + 11) % 12) + 1) + (this.hour >= 12 ? 0x80 : 0);
    return [
      put(this.second),
      put(this.minute),
      hour,
      put(this.weekday),
      put(this.day),
      put(this.month),
      put(this.year % 100),
      put(Math.floor(this.year / 100)),
    ];
  }
}
