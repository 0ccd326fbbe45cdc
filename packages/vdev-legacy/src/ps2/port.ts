import type { Json } from '@qvm/core';
import type { DeviceTreeContext, DeviceTreeNode, InterruptLine, MmioHandler } from '@qvm/core/vdev';
import type { Ps2Device } from './ps2-device.js';

/**
 * The guest's side of one PS/2 line: registers and an interrupt.
 *
 * @internal
 */
export interface Ps2Port extends MmioHandler {
  reset(): void;
  save(): Json;
  /**
   * Validates a saved state, without changing anything.
   *
   * @returns a function that restores it.
   */
  decode(state: unknown): () => void;
  /** @param base - address of the registers. */
  deviceTree(base: number, context: DeviceTreeContext): readonly DeviceTreeNode[];
}

/** Makes a port with a device connected to it. @internal */
export type Ps2PortFactory = (device: Ps2Device, interrupt: InterruptLine) => Ps2Port;
