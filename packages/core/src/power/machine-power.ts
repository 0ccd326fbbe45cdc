import { createToken, type Token } from '../plugin/token.js';

/**
 * The power supply of a machine and its reset line, for vdevs with registers that control them. The VM obeys between
 * two instructions, and makes the running vCPU return.
 *
 * @experimental
 */
export interface MachinePower {
  /** Turns the machine off: the VM ends as after the guest's power-off by firmware. */
  powerOff(): void;
  /** Resets the whole machine, as far as the VM allows resets. */
  reset(): void;
}

/**
 * The power supply of a VM, which every VM has.
 *
 * @experimental
 */
export const MACHINE_POWER: Token<MachinePower> = createToken('@qvm/core/MachinePower');
