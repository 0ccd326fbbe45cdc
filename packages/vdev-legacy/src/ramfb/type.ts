import { QvmError } from '@qvm/core';
import { DISPLAY } from '@qvm/core/services';
import type { VdevFactory } from '@qvm/core/vdev';
import { Ramfb } from './device.js';
import { parseMode } from './mode.js';

const NO_BOARD_FRAMEBUFFER = 'none';

/**
 * A frame buffer in guest RAM, which `DISPLAY` captures: one that the device tree describes, and `etc/ramfb` when the VM has
 * a `fw-cfg`, named before it.
 *
 * @experimental
 */
export const ramfb: VdevFactory = {
  type: 'ramfb',
  description: 'Frame buffer in guest RAM',
  options: [
    {
      name: 'framebuffer',
      kind: 'string',
      description: 'Mode of the frame buffer that the device tree describes, WIDTHxHEIGHT[-FORMAT], or none',
      default: '800x600',
    },
  ],
  resources: () => ({}),
  create: (context, { framebuffer }) => {
    const mode = framebuffer === NO_BOARD_FRAMEBUFFER ? undefined : parseMode(String(framebuffer));
    const device = new Ramfb(context, mode);
    if (mode === undefined && !device.acceptsGuestFrame) {
      throw new QvmError('display.mode', 'framebuffer=none leaves only etc/ramfb: name a vdev fw-cfg before ramfb');
    }
    context.offer(DISPLAY, device);
    return device;
  },
};
