/** The middle value, or the mean of the two in the middle. */
export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** How samples become one value: what disturbs a measurement makes times longer, never shorter. */
const PICKS = { median, least: (values) => Math.min(...values) };

/** Units of which more is better; of all others less is. */
const MORE_IS_BETTER = new Set(['MIPS', 'MB/s', '1/s', 'ratio']);
/** Units of counts, which are neither good nor bad. */
const NO_RATIO = new Set(['M']);

function ratioOf({ unit, ours, theirs }) {
  if (ours === undefined || theirs === undefined || NO_RATIO.has(unit)) return undefined;
  const ratio = MORE_IS_BETTER.has(unit) ? ours / theirs : theirs / ours;
  return Number.isFinite(ratio) && ratio > 0 ? ratio : undefined;
}

/** The measurements: samples of named figures for each side, in the order of their first sample. */
export class Figures {
  #figures = new Map();

  /** Adds a sample; one that the host cannot tell (undefined) is left out. `pick` is `median` or `least`. */
  add(side, { group, name, unit, pick = 'median' }, value) {
    if (value === undefined) return;
    const key = `${group}/${name}`;
    const figure = this.#figures.get(key) ?? { group, name, unit, pick, ours: [], theirs: [] };
    figure[side.key].push(value);
    this.#figures.set(key, figure);
  }

  /** Rows with one value for each side. `ratio` is theirs ÷ ours where less is better: above 1, ours is the better one. */
  rows() {
    return [...this.#figures.values()].map(({ name, group, ours, theirs, unit, pick }) => {
      const [a, b] = [ours, theirs].map((samples) => (samples.length > 0 ? PICKS[pick](samples) : undefined));
      return { name, group, ours: a, theirs: b, unit, ratio: ratioOf({ unit, ours: a, theirs: b }) };
    });
  }
}
