import type { FrameOffload, NetworkPort } from '@qvm/core/services';

/** `02:00:00:00:00:NN` */
export function station(number: number): readonly number[] {
  return [2, 0, 0, 0, 0, number];
}

export const BROADCAST: readonly number[] = [255, 255, 255, 255, 255, 255];

/** A frame of an experimental type (IEEE 802, 9.2.3) with a number in it that identifies it. */
export function frame(
  to: readonly number[],
  from: readonly number[],
  content: number,
  tag?: number,
  length = 60,
): Uint8Array {
  const head = [...to, ...from, ...(tag === undefined ? [] : [0x81, 0x00, tag >> 8, tag & 0xff]), 0x88, 0xb5];
  const bytes = new Uint8Array(Math.max(length, head.length + 4));
  bytes.set(head);
  new DataView(bytes.buffer).setUint32(head.length, content);
  return bytes;
}

/** A receiver that stores frames as long as `room` is left. */
export class Receiver {
  readonly frames: Uint8Array[] = [];
  readonly offloads: (FrameOffload | undefined)[] = [];
  room: number;

  constructor(port: NetworkPort, room = Infinity) {
    this.room = room;
    port.onReceive((received, offload) => {
      if (this.room === 0) return false;
      this.room--;
      this.frames.push(received.slice());
      this.offloads.push(offload);
      return true;
    });
  }
}
