/**
 * Stage of taps that only watch: they see every event, before anyone may claim it.
 *
 * @beta
 */
export const STAGE_OBSERVE = -200;

/**
 * Stage of taps that take an event away from everyone after them.
 *
 * @beta
 */
export const STAGE_OVERRIDE = -100;

/**
 * Stage of ordinary taps; the one a tap without a stage is in.
 *
 * @beta
 */
export const STAGE_DEFAULT = 0;

/**
 * Stage of last answers, after every plugin had its turn.
 *
 * @beta
 */
export const STAGE_FALLBACK = 100;
