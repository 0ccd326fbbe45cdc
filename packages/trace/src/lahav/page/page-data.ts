import type { LahavLane, LahavLine, SegmentLabel } from '../lahav-line.js';
import { coloursOf } from '../palette.js';
import { spanOf } from '../span.js';

/** Data of the page, as JSON. */
export interface PageData {
  readonly duration: number;
  readonly lost: number;
  readonly labels: readonly SegmentLabel[];
  readonly colours: readonly string[];
  readonly lanes: readonly {
    readonly cpu: number;
    readonly end: number;
    readonly count: number;
    /**
     * Base64 of numbers of seven bits each, low first: for each segment, the time since the start of the previous one,
     * and its label.
     */
    readonly segments: string;
  }[];
}

/** Converts a line to the page's data; times are relative to the start of the line. */
export function pageData(line: LahavLine): PageData {
  const { from, to } = spanOf(line);
  return {
    duration: to - from,
    lost: line.lost,
    labels: line.labels,
    colours: coloursOf(line.labels),
    lanes: line.lanes.map((lane) => ({
      cpu: lane.cpu,
      end: lane.end - from,
      count: lane.starts.length,
      segments: encodeBase64(packSegments(lane, from)),
    })),
  };
}

function packSegments({ starts, labels }: LahavLane, from: number): Uint8Array {
  let bytes = new Uint8Array(0x1000);
  let length = 0;
  const put = (value: number): void => {
    for (let rest = value; ; rest = Math.floor(rest / 128)) {
      bytes[length++] = (rest % 128) | (rest >= 128 ? 128 : 0);
      if (rest < 128) return;
    }
  };
  let before = from;
  for (let n = 0; n < starts.length; n++) {
    if (length + 32 > bytes.length) bytes = grown(bytes);
    const start = starts[n] as number;
    put(start - before);
    put(labels[n] as number);
    before = start;
  }
  return bytes.subarray(0, length);
}

function grown(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2);
  larger.set(bytes);
  return larger;
}

/** In pieces: `btoa` takes a text, and the number of arguments of a call is limited. */
function encodeBase64(bytes: Uint8Array): string {
  const PIECE = 0x8000;
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}

/** Decodes the lanes of the page's data. Runs in the page, so it uses nothing outside of itself. */
export function decodeLanes(lanes: PageData['lanes']): LahavLane[] {
  return lanes.map(({ cpu, end, count, segments }) => {
    const bytes = atob(segments);
    const starts = new Float64Array(count);
    const labels = new Uint32Array(count);
    let at = 0;
    const take = (): number => {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = bytes.charCodeAt(at++);
        value += (byte & 127) * scale;
        if (byte < 128) return value;
      }
    };
    let time = 0;
    for (let n = 0; n < count; n++) {
      starts[n] = time += take();
      labels[n] = take();
    }
    return { cpu, starts, labels, end };
  });
}
