const FIRST_CAPACITY = 0x400;

/** Segments of a lane that grows, in typed arrays. */
export class SegmentList {
  #starts = new Float64Array(FIRST_CAPACITY);
  #labels = new Uint32Array(FIRST_CAPACITY);
  #length = 0;

  /** Start of the last segment in nanoseconds; NaN when there is none. */
  get lastStart(): number {
    return this.#length === 0 ? NaN : (this.#starts[this.#length - 1] as number);
  }

  /** Label of the last segment; −1 when there is none. */
  get lastLabel(): number {
    return this.#length === 0 ? -1 : (this.#labels[this.#length - 1] as number);
  }

  set lastLabel(label: number) {
    this.#labels[this.#length - 1] = label;
  }

  push(start: number, label: number): void {
    if (this.#length === this.#starts.length) this.#grow();
    this.#starts[this.#length] = start;
    this.#labels[this.#length++] = label;
  }

  pop(): void {
    this.#length--;
  }

  /** The segments as they are, until the next one is added. */
  arrays(): { readonly starts: Float64Array; readonly labels: Uint32Array } {
    return { starts: this.#starts.subarray(0, this.#length), labels: this.#labels.subarray(0, this.#length) };
  }

  #grow(): void {
    const starts = new Float64Array(2 * this.#length);
    const labels = new Uint32Array(2 * this.#length);
    starts.set(this.#starts);
    labels.set(this.#labels);
    this.#starts = starts;
    this.#labels = labels;
  }
}
