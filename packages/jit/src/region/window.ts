import type { Probe } from '../builder/probe.js';

/**
 * Bytes around a register's value that one look-up in the TLB answers for. Positions count from the address of the access that
 * began the window: the byte at a position is that far from the VM memory address in `local`.
 *
 * @internal
 */
export interface Window {
  readonly local: number;
  readonly probe: Pick<Probe, 'widen'>;
  /** The block in which it may still grow: there, control that comes to the first access comes to the later ones for certain. */
  readonly block: number;
  low: number;
  high: number;
  write: boolean;
}
