import { QvmError } from '@qvm/core';
import { defineOptions, option, textKind } from '@qvm/core/options';
import { BOOT_SCREEN, DISPLAY } from '@qvm/core/services';
import { defineVdev, type VdevFactory } from '@qvm/core/vdev';
import { Ramfb } from './device.js';
import { formatMode, parseMode, type DisplayMode } from './mode.js';

const NO_BOARD_FRAMEBUFFER = 'none';

const modeKind = textKind<DisplayMode | typeof NO_BOARD_FRAMEBUFFER>(
  'mode',
  (text) => (text === NO_BOARD_FRAMEBUFFER ? text : parseMode(text)),
  (mode) => (mode === NO_BOARD_FRAMEBUFFER ? mode : formatMode(mode)),
);

const OPTIONS = defineOptions({
  framebuffer: option.of(modeKind, {
    description: 'Mode of the frame buffer that the device tree describes, WIDTHxHEIGHT[-FORMAT], or none',
    default: parseMode('800x600'),
  }),
});
type RamfbDeclarations = typeof OPTIONS;

/**
 * A frame buffer in guest RAM, which `DISPLAY` captures: one that the device tree describes, and `etc/ramfb` if the VM
 * has a `fw-cfg` that precedes it.
 *
 * @experimental
 */
export const ramfb: VdevFactory<RamfbDeclarations> = defineVdev({
  type: 'ramfb',
  description: 'Frame buffer in guest RAM',
  options: OPTIONS,
  resources: () => ({}),
  create: (context, { framebuffer }) => {
    const mode = framebuffer === NO_BOARD_FRAMEBUFFER ? undefined : framebuffer;
    const device = new Ramfb(context, mode);
    if (mode === undefined && !device.acceptsGuestFrame) {
      throw new QvmError('display.mode', 'framebuffer=none leaves only etc/ramfb: name a vdev fw-cfg before ramfb');
    }
    context.offer(DISPLAY, device);
    const screen = device.bootScreen;
    if (screen !== undefined) context.offer(BOOT_SCREEN, screen);
    return device;
  },
});
