/**
 * Stage of taps that only observe: they see every event before a later tap can handle it.
 *
 * @beta
 */
export const STAGE_OBSERVE = -200;

/**
 * Stage of taps that take an event away from all later taps.
 *
 * @beta
 */
export const STAGE_OVERRIDE = -100;

/**
 * Stage of ordinary taps, and of taps without a stage.
 *
 * @beta
 */
export const STAGE_DEFAULT = 0;

/**
 * Stage of fallback answers, after every plugin had its turn.
 *
 * @beta
 */
export const STAGE_FALLBACK = 100;
