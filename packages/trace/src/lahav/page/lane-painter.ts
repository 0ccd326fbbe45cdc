import { bucketLane } from '../buckets.js';
import type { LahavLane, SegmentLabel } from '../lahav-line.js';

/** The labels that the page shows: a 1 for each. */
export type LabelMask = Uint8Array;

/** Draws one lane on a canvas: guests above the middle, the hypervisor below. Runs in the page. */
export class LanePainter {
  /** Labels of the same colour are drawn together. */
  readonly #groups: readonly string[];
  readonly #kinds: readonly string[];
  readonly #groupOf: Int16Array;

  constructor(
    readonly lane: LahavLane,
    readonly labels: readonly SegmentLabel[],
    readonly colours: readonly string[],
  ) {
    this.#groups = [...new Set(colours)];
    this.#kinds = this.#groups.map((colour) => labels[colours.indexOf(colour)]?.kind ?? 'idle');
    this.#groupOf = Int16Array.from(colours, (colour) => this.#groups.indexOf(colour));
  }

  /** Index of the segment at a time, or −1. */
  segmentAt(time: number): number {
    const { starts, end } = this.lane;
    if (time < (starts[0] ?? Infinity) || time >= end) return -1;
    let low = 0;
    for (let high = starts.length - 1; low < high;) {
      const middle = (low + high + 1) >>> 1;
      if ((starts[middle] as number) <= time) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  paint(canvas: HTMLCanvasElement, from: number, to: number, shown: LabelMask): void {
    const scale = devicePixelRatio;
    const width = Math.max(1, Math.round(canvas.clientWidth * scale));
    const height = Math.max(1, Math.round(canvas.clientHeight * scale));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.clearRect(0, 0, width, height);
    const first = Math.max(0, this.segmentAt(from));
    const last = this.segmentAt(to);
    const count = (last < 0 ? this.lane.starts.length : last) - first;
    if (count < width / 2) this.#paintSegments(context, from, to, first, width, height, shown);
    else this.#paintShares(context, from, to, width, height, shown);
  }

  /** Draws few segments one by one, with the edges of exits and entrances. */
  #paintSegments(
    context: CanvasRenderingContext2D,
    from: number,
    to: number,
    first: number,
    width: number,
    height: number,
    shown: LabelMask,
  ): void {
    const { starts, labels, end } = this.lane;
    const perNanosecond = width / (to - from);
    const middle = height / 2;
    let level: boolean | undefined;
    for (let n = first; n < starts.length && (starts[n] as number) < to; n++) {
      const index = labels[n] as number;
      const label = this.labels[index];
      const x = ((starts[n] as number) - from) * perNanosecond;
      const right = ((starts[n + 1] ?? end) - from) * perNanosecond;
      const guest = label?.kind === 'guest';
      if (level !== undefined && level !== guest) {
        context.fillStyle = 'rgba(128,128,128,.55)';
        context.fillRect(x - 0.5, height * 0.06, 1, height * 0.88);
      }
      level = guest;
      context.globalAlpha = shown[index] ? 1 : 0.1;
      context.fillStyle = this.colours[index] ?? '#888';
      const size = label?.kind === 'idle' ? height * 0.08 : height * 0.4;
      context.fillRect(Math.max(-1, x), guest ? middle - size : middle, Math.max(1, right - Math.max(-1, x)), size);
      context.globalAlpha = 1;
      this.#name(context, label, Math.max(0, x), Math.min(width, right), guest ? middle - size : middle, size);
    }
  }

  #name(
    context: CanvasRenderingContext2D,
    label: SegmentLabel | undefined,
    left: number,
    right: number,
    top: number,
    height: number,
  ): void {
    if (label === undefined || label.kind === 'idle') return;
    const text = label.kind === 'guest' ? `${label.vm}/${label.vcpu}` : `${label.cause} ${label.vdev}`.trim();
    context.font = `${Math.round(height * 0.32)}px system-ui,sans-serif`;
    if (context.measureText(text).width > right - left - 10) return;
    context.fillStyle = label.cause === 'wfi' || label.cause === 'sysreg' ? '#222' : '#fff';
    context.textBaseline = 'middle';
    context.fillText(text, left + 5, top + height / 2);
  }

  /** Draws many segments as the shares of each column's time. */
  #paintShares(
    context: CanvasRenderingContext2D,
    from: number,
    to: number,
    width: number,
    height: number,
    shown: LabelMask,
  ): void {
    const groups = this.#groups.length;
    const groupOf = this.#groupOf.map((group, index) => (shown[index] ? group : -1));
    const times = bucketLane(this.lane, from, to, width, groupOf, groups);
    const whole = (to - from) / width;
    const middle = height / 2;
    const up = new Float64Array(width).fill(middle);
    const down = new Float64Array(width).fill(middle);
    for (let group = 0; group < groups; group++) {
      const kind = this.#kinds[group];
      context.fillStyle = this.#groups[group] ?? '#888';
      for (let column = 0; column < width; column++) {
        const size = ((times[column * groups + group] as number) / whole) * height * 0.46;
        if (size === 0) continue;
        if (kind === 'idle') context.fillRect(column, middle - size * 0.04, 1, size * 0.08);
        else if (kind === 'guest') context.fillRect(column, ((up[column] as number) -= size), 1, size);
        else {
          context.fillRect(column, down[column] as number, 1, size);
          down[column] = (down[column] as number) + size;
        }
      }
    }
  }
}
