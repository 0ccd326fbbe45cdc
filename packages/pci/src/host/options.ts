import { defineOptions, option, type OptionsOf } from '@qvm/core/options';

/** Identity of the generic host bridge of virtual machines. */
const GENERIC_VENDOR = 0x1b36;
const GENERIC_DEVICE = 0x0008;

/** Options of the host bridge. */
export const HOST_OPTIONS = defineOptions({
  vendor: option.number({
    description: 'Vendor ID of the host bridge at 00:00.0',
    min: 0,
    max: 0xfffe,
    default: GENERIC_VENDOR,
  }),
  device: option.number({
    description: 'Device ID of the host bridge',
    min: 0,
    max: 0xffff,
    default: GENERIC_DEVICE,
  }),
  assign: option.boolean({
    description:
      'BARs have addresses after a reset, as firmware would assign; off for guests with firmware of their own',
    default: true,
  }),
});

export type HostOptions = OptionsOf<typeof HOST_OPTIONS>;
