import {
  MCR_DTR,
  MCR_LOOP,
  MCR_OUT1,
  MCR_OUT2,
  MCR_RTS,
  MSR_CTS,
  MSR_DCD,
  MSR_DSR,
  MSR_RI,
  MSR_TERI,
} from './constants.js';

/** The terminal at the other end is always present and ready. */
const TERMINAL_READY = MSR_CTS | MSR_DSR | MSR_DCD;

/** In loopback, the modem outputs are connected to the inputs (data sheet §8.7). */
const LOOPBACK = [
  [MCR_RTS, MSR_CTS],
  [MCR_DTR, MSR_DSR],
  [MCR_OUT1, MSR_RI],
  [MCR_OUT2, MSR_DCD],
] as const;

/**
 * The modem inputs, as bits 7–4 of MSR.
 *
 * @internal
 */
export function modemLines(modemControl: number): number {
  if ((modemControl & MCR_LOOP) === 0) return TERMINAL_READY;
  return LOOPBACK.reduce((lines, [output, input]) => ((modemControl & output) === 0 ? lines : lines | input), 0);
}

/**
 * The bits 3–0 of MSR that a change of the modem inputs sets: for RI its trailing edge, for the others any change
 * (§8.8).
 *
 * @internal
 */
export function modemChanges(lines: number, previous: number): number {
  const changed = lines ^ previous;
  const ringEnded = (changed & previous & MSR_RI) === 0 ? 0 : MSR_TERI;
  return ((changed & ~MSR_RI) >>> 4) | ringEnded;
}
