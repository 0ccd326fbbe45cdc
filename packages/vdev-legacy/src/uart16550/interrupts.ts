import {
  IER_EDSSI,
  IER_ELSI,
  IER_ERBFI,
  IER_ETBEI,
  IIR_CHARACTER_TIMEOUT,
  IIR_DATA_AVAILABLE,
  IIR_LINE_STATUS,
  IIR_MODEM_STATUS,
  IIR_NONE,
  IIR_TRANSMITTER_EMPTY,
} from './constants.js';
import type { Receiver } from './receiver.js';

/**
 * IIR bits 3–0: the enabled and pending interrupt of the highest priority (PC16550D data sheet, table IV).
 *
 * @param transmitted - whether the transmitter has become empty and IIR has not reported it yet.
 * @param modemChanges - MSR bits 3–0.
 * @internal
 */
export function pendingInterrupt(
  enabled: number,
  receiver: Pick<Receiver, 'overrun' | 'atTrigger' | 'timedOut'>,
  transmitted: boolean,
  modemChanges: number,
): number {
  if ((enabled & IER_ELSI) !== 0 && receiver.overrun) return IIR_LINE_STATUS;
  if ((enabled & IER_ERBFI) !== 0 && receiver.atTrigger) return IIR_DATA_AVAILABLE;
  if ((enabled & IER_ERBFI) !== 0 && receiver.timedOut) return IIR_CHARACTER_TIMEOUT;
  if ((enabled & IER_ETBEI) !== 0 && transmitted) return IIR_TRANSMITTER_EMPTY;
  if ((enabled & IER_EDSSI) !== 0 && modemChanges !== 0) return IIR_MODEM_STATUS;
  return IIR_NONE;
}
