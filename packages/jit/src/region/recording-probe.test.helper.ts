import { Probe } from '../builder/probe.js';
import { CodeBuffer } from '../wasm/code-buffer.js';

/** A probe that records how it was widened: low, high, whether for writes. */
export class RecordingProbe extends Probe {
  readonly widenings: (readonly [number, number, boolean])[] = [];

  constructor() {
    super(new CodeBuffer(), {
      cpu: 0,
      bank: undefined,
      va: 1,
      entry: 2,
      address: 3,
      bytes: 8,
      element: 8,
      info: 0,
      exactAlignment: false,
      widening: true,
      miss: () => undefined,
    });
  }

  override widen(low: number, high: number, write: boolean): void {
    this.widenings.push([low, high, write]);
    super.widen(low, high, write);
  }
}
