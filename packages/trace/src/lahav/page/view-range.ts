/** The part of time that the page shows. Runs in the page. */
export class ViewRange {
  from = 0;
  to: number;
  /** Called when the range changed. */
  changed: () => void = () => undefined;

  constructor(readonly duration: number) {
    this.to = duration;
  }

  get span(): number {
    return this.to - this.from;
  }

  /** Shows a range, cut to what there is; not less than 100 ns. */
  show(from: number, to: number): void {
    const span = Math.min(this.duration, Math.max(100, to - from));
    this.from = Math.max(0, Math.min(from, this.duration - span));
    this.to = this.from + span;
    this.changed();
  }

  /** Makes the range `factor` times as long; the time at share `at` of it stays where it is. */
  zoom(factor: number, at: number): void {
    const fixed = this.from + this.span * at;
    const span = Math.min(this.duration, Math.max(100, this.span * factor));
    this.show(fixed - span * at, fixed + span * (1 - at));
  }

  /** Moves by a share of the range. */
  pan(share: number): void {
    const by = this.span * share;
    const from = Math.max(0, Math.min(this.from + by, this.duration - this.span));
    this.show(from, from + this.span);
  }
}
