const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Units of which more is better; of all others less is. */
const MORE_IS_BETTER = new Set(['MIPS', 'ratio']);
/** Units of counts, which are neither good nor bad. */
const NO_RATIO = new Set(['M']);

function ratioOf({ unit, ours, theirs }) {
  if (ours === undefined || theirs === undefined || NO_RATIO.has(unit)) return undefined;
  const ratio = MORE_IS_BETTER.has(unit) ? ours / theirs : theirs / ours;
  return Number.isFinite(ratio) && ratio > 0 ? ratio : undefined;
}

/** What was measured: samples of named figures for each side, in the order of their first sample. */
export class Figures {
  #figures = new Map();

  /** Adds a sample; one that the host cannot tell (undefined) is left out. */
  add(side, { group, name, unit }, value) {
    if (value === undefined) return;
    const key = `${group}/${name}`;
    const figure = this.#figures.get(key) ?? { group, name, unit, ours: [], theirs: [] };
    figure[side.key].push(value);
    this.#figures.set(key, figure);
  }

  /** Rows with the medians. `ratio` is theirs ÷ ours where less is better: above 1, ours is the better one. */
  rows() {
    return [...this.#figures.values()].map(({ name, group, ours, theirs, unit }) => {
      const [a, b] = [ours, theirs].map((samples) => (samples.length > 0 ? median(samples) : undefined));
      return { name, group, ours: a, theirs: b, unit, ratio: ratioOf({ unit, ours: a, theirs: b }) };
    });
  }
}

/** A row with the geometric mean of the ratios of a group, or undefined where it has none. */
export function geometricMean(rows, group) {
  const ratios = rows.filter((row) => row.group === group && row.ratio !== undefined).map(({ ratio }) => ratio);
  if (ratios.length === 0) return undefined;
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  return { name: 'geometric mean', group, ours: undefined, theirs: undefined, unit: 'ratio', ratio: mean };
}
