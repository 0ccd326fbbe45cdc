export { randomWord, registerFields, staticChoices } from './random-words.js';
export { encodingsIn, randomString } from './x86_64/byte-strings.js';
export { Random } from './random.js';
export { accessOf, bits } from './word-class.js';
export { compareTiers, firstDifference, INSTRUCTIONS, TUNINGS } from './tiers/compare.js';
export type { Comparison, TierRun, TierRunner } from './tiers/compare.js';
export { difference } from './tiers/difference.js';
export { minimise } from './tiers/minimise.js';
export type { ProgramOfLines } from './tiers/minimise.js';
