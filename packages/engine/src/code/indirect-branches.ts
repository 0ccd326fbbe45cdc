/** Number of branches that are recorded, and of targets of each. */
const BRANCHES = 0x1_0000;
const TARGETS = 16;
/** A target is used if it was seen this often, and in this share of the branch's samples. */
const SEEN = 2;
const SHARE = 1 / 16;

/**
 * Observed targets of indirect branches. Addresses are virtual and of any process, so each target is only a
 * prediction, which the generated code checks.
 *
 * @experimental
 */
export class IndirectBranches {
  readonly #seen = new Map<number, Map<number, number>>();

  /** Notes that the branch at `from` (0: none) went to `to`. */
  note(from: number, to: number): void {
    if (from === 0) return;
    let targets = this.#seen.get(from);
    if (targets === undefined) {
      if (this.#seen.size >= BRANCHES) this.#seen.clear();
      this.#seen.set(from, (targets = new Map<number, number>()));
    }
    if (targets.size >= TARGETS && !targets.has(to)) targets.clear();
    targets.set(to, (targets.get(to) ?? 0) + 1);
  }

  /** The likeliest targets of the branch at `from`, at most `most`. */
  targets(from: number, most: number): readonly number[] {
    const targets = this.#seen.get(from);
    if (targets === undefined || most === 0) return [];
    let total = 0;
    for (const count of targets.values()) total += count;
    return [...targets]
      .filter(([, count]) => count >= SEEN && count >= total * SHARE)
      .sort(([, x], [, y]) => y - x)
      .slice(0, most)
      .map(([to]) => to);
  }
}
