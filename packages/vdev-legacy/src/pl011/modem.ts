import {
  CR_DTR,
  CR_LBE,
  CR_OUT1,
  CR_OUT2,
  CR_RTS,
  FR_CTS,
  FR_DCD,
  FR_DSR,
  FR_RI,
  INT_CTS,
  INT_DCD,
  INT_DSR,
  INT_RI,
} from './constants.js';

/** The terminal at the other end is always present and ready. */
const TERMINAL_READY = FR_CTS | FR_DSR | FR_DCD;

/**
 * In loopback, the modem outputs are connected to the inputs (DDI 0183 §2.4.6): control bit, flag, interrupt for a
 * change.
 */
const MODEM_LINES = [
  { output: CR_RTS, flag: FR_CTS, interrupt: INT_CTS },
  { output: CR_DTR, flag: FR_DSR, interrupt: INT_DSR },
  { output: CR_OUT1, flag: FR_DCD, interrupt: INT_DCD },
  { output: CR_OUT2, flag: FR_RI, interrupt: INT_RI },
] as const;

/**
 * The modem inputs as flags of FR.
 *
 * @internal
 */
export function modemFlags(control: number): number {
  if ((control & CR_LBE) === 0) {
    return TERMINAL_READY;
  }
  return MODEM_LINES.reduce((flags, line) => ((control & line.output) === 0 ? flags : flags | line.flag), 0);
}

/**
 * The interrupt sources for the modem inputs that have changed.
 *
 * @internal
 */
export function modemInterrupts(flags: number, previous: number): number {
  const changed = flags ^ previous;
  return MODEM_LINES.reduce((sources, line) => ((changed & line.flag) === 0 ? sources : sources | line.interrupt), 0);
}
