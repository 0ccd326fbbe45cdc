import type { NetworkCounters } from '@qvm/core/services';

/** The totals of a port. Numbers stay exact for longer than any host runs. */
export class PortCounters implements NetworkCounters {
  sentFrames = 0;
  sentBytes = 0;
  sendDrops = 0;
  receivedFrames = 0;
  receivedBytes = 0;
  receiveDrops = 0;

  countSent(frame: Uint8Array): void {
    this.sentFrames++;
    this.sentBytes += frame.length;
  }

  countReceived(frame: Uint8Array): void {
    this.receivedFrames++;
    this.receivedBytes += frame.length;
  }
}
