/** The range of time that the page shows. Runs in the page. */
export class ViewRange {
  from = 0;
  to: number;
  /** Called when the range has changed. */
  changed: () => void = () => undefined;

  constructor(readonly duration: number) {
    this.to = duration;
  }

  get span(): number {
    return this.to - this.from;
  }

  /** Shows a range, clipped to the line; at least 100 ns. */
  show(from: number, to: number): void {
    const span = Math.min(this.duration, Math.max(100, to - from));
    this.from = Math.max(0, Math.min(from, this.duration - span));
    this.to = this.from + span;
    this.changed();
  }

  /** Multiplies the length of the range by `factor`; the time at share `at` of it keeps its place. */
  zoom(factor: number, at: number): void {
    const fixed = this.from + this.span * at;
    const span = Math.min(this.duration, Math.max(100, this.span * factor));
    this.show(fixed - span * at, fixed + span * (1 - at));
  }

  /** Moves the range by a share of its length. */
  pan(share: number): void {
    const by = this.span * share;
    const from = Math.max(0, Math.min(this.from + by, this.duration - this.span));
    this.show(from, from + this.span);
  }
}
