import { createToken, type Token } from '../plugin/token.js';

/**
 * The power button of a machine, offered by a vdev.
 *
 * @beta
 */
export interface PowerButton {
  /**
   * Presses and releases the button.
   *
   * @returns whether the guest will notice: `false` when it has not set up the device. The caller then powers the VM
   * off.
   */
  press(): boolean;
}

/**
 * The power button of a VM: `stop` presses it, unless a tap of the hook `powerButton` handled the request.
 *
 * @beta
 */
export const POWER_BUTTON: Token<PowerButton> = createToken('@qvm/core/PowerButton');
