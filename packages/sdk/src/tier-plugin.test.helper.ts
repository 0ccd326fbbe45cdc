import { tunedAarch64, type RegionTuning } from '@qvm/arch-aarch64';
import { ARCHITECTURE, PLUGIN_API_VERSION, provide, type QvmPlugin } from '@qvm/core';

/** Values of `QVM_TEST_TIER`: translate any code that runs twice, or none. */
const TUNINGS: Readonly<Record<string, RegionTuning>> = {
  eager: { hot: 1, hotter: 2, batch: 1, patience: 1, interval: 2000, rest: 1, modules: 8192, background: false },
  never: {
    hot: Infinity,
    hotter: Infinity,
    batch: 24,
    patience: 64,
    interval: 16_384,
    rest: 1,
    modules: 8192,
    background: false,
  },
};

/** A plugin with another tuning of the second tier, for tests. */
export const plugin: QvmPlugin = {
  name: 'tier-of-test',
  apiVersion: PLUGIN_API_VERSION,
  provides: [
    provide({
      token: ARCHITECTURE,
      scope: 'host',
      multi: true,
      factory: () => {
        const name = process.env['QVM_TEST_TIER'] ?? '';
        const tuning = TUNINGS[name];
        if (tuning === undefined) throw new Error(`QVM_TEST_TIER does not name a tuning: "${name}"`);
        return tunedAarch64(tuning);
      },
    }),
  ],
};
