import type { Probe } from '../builder/probe.js';

/**
 * A range of bytes around a register's value that one TLB lookup covers. Positions are relative to the address of the
 * access that began the window; `local` holds the VM memory address of position 0.
 *
 * @internal
 */
export interface Window {
  readonly local: number;
  readonly probe: Pick<Probe, 'widen'>;
  /**
   * The block in which the window may still grow: in it, control that reaches the first access certainly reaches the
   * later ones.
   */
  readonly block: number;
  low: number;
  high: number;
  write: boolean;
}
