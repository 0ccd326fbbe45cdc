import { SECONDS, withGuest } from '../guest.mjs';

/** First output of the guest. */
const FIRST_OUTPUT = '!';
const LIMIT_SECONDS = 60;

/** How long it takes until the first instruction of a guest runs: a guest of a few instructions prints and powers off. */
export function firstOutput({ kernel }) {
  return async (side, figures) =>
    withGuest(side.command({ kernel }), async (guest) => {
      const add = (name, value) => figures.add(side, { group: 'start', name, unit: SECONDS }, value);
      await guest.waitFor(FIRST_OUTPUT, LIMIT_SECONDS);
      add('process start to first guest output', guest.age);
      await guest.end(LIMIT_SECONDS);
      add('process start to its end', guest.age);
    });
}
