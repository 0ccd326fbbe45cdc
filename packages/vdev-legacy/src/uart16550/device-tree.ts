import type { DeviceTreeContext, DeviceTreeNode } from '@qvm/core/vdev';

/**
 * How a 16550 is connected to memory.
 *
 * @internal
 */
export interface Uart16550Place {
  readonly base: number;
  readonly size: number;
  /** Distance of the registers, as a power of two. */
  readonly shift: number;
  readonly interrupt: number;
  readonly clockHz: number;
  readonly baud: number;
}

/**
 * The node of a 16550 in memory. A register is as wide as the distance of the registers.
 *
 * @internal
 */
export function uart16550Node(place: Uart16550Place, context: DeviceTreeContext): DeviceTreeNode {
  return {
    name: `serial@${place.base.toString(16)}`,
    properties: {
      compatible: 'ns16550a',
      reg: { cells: context.reg(place.base, place.size) },
      'reg-shift': { cells: [place.shift] },
      'reg-io-width': { cells: [1 << place.shift] },
      interrupts: { cells: context.interruptCells(place.interrupt, 'level') },
      'clock-frequency': { cells: [place.clockHz] },
      'current-speed': { cells: [place.baud] },
    },
  };
}
