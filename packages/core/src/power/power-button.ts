import { createToken, type Token } from '../plugin/token.js';

/**
 * The power button of a machine, as a vdev offers it.
 *
 * @experimental
 */
export interface PowerButton {
  /**
   * Presses the button for a moment.
   *
   * @returns whether the guest will notice: `false` when it has not set up the device. The VM then powers off by itself.
   */
  press(): boolean;
}

/** The power button of a VM: `stop` presses it, unless a tap of `powerButton` took care of it. @experimental */
export const POWER_BUTTON: Token<PowerButton> = createToken('@qvm/core/PowerButton');
