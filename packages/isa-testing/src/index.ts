export { randomWord, registerFields, staticChoices } from './random-words.js';
export { Random } from './random.js';
export { accessOf, bits } from './word-class.js';
