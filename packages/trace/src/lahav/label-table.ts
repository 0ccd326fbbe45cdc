import type { SegmentLabel } from './lahav-line.js';

/** Assigns numbers to the labels of a line. */
export class LabelTable {
  readonly labels: SegmentLabel[] = [];
  readonly #numbers = new Map<string, number>();

  /** The number of a label; equal labels have the same number. */
  numberOf(label: SegmentLabel): number {
    const { kind, vm, vcpu, cause, vdev, exit } = label;
    const key = `${kind}\0${vm}\0${vcpu}\0${cause}\0${vdev}\0${exit}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.labels.push(label) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }
}
