import { defineOptions, option, type OptionsOf } from '@qvm/core/options';

/** Options of the host bridge. */
export const HOST_OPTIONS = defineOptions({
  vendor: option.number({
    description: 'Vendor ID of the host bridge at 00:00.0, with the option device; by default that of the board',
    min: 0,
    max: 0xfffe,
  }),
  device: option.number({
    description: 'Device ID of the host bridge, with the option vendor',
    min: 0,
    max: 0xffff,
  }),
  assign: option.boolean({
    description:
      'BARs have addresses after a reset, as firmware would assign; off for guests with firmware of their own',
    default: true,
  }),
});

export type HostOptions = OptionsOf<typeof HOST_OPTIONS>;
