import { defineOptions, option } from '@qvm/core/options';
import { hostdevOption } from '../serial/hostdev-option.js';
import { maxBaud } from './baud.js';

/** The options of a vdev with a 16550 whose divisor divides a clock in hertz. */
export const uart16550Options = (clockHz: number) =>
  defineOptions({
    hostdev: hostdevOption,
    baud: option.number({
      description: 'Rate that the line has before the guest sets one; characters pass at once at any rate',
      default: 115_200,
      min: 50,
      max: maxBaud(clockHz),
    }),
  });
