import { distance } from 'fastest-levenshtein';

const FARTHEST = 2;
const LONGEST = 64;

/**
 * The name among `candidates` that `name` was probably meant to be: at an edit distance of at most two, ignoring
 * letter case, and closer than a complete replacement; `undefined` when there is none. Of equally near names the first
 * wins. Names above 64 characters are not compared.
 * @beta
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > LONGEST) return undefined;
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = FARTHEST + 1;
  for (const candidate of candidates) {
    if (candidate.length > LONGEST || Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const steps = distance(wanted, candidate.toLowerCase());
    if (steps < bestDistance && steps < candidate.length) {
      best = candidate;
      bestDistance = steps;
    }
  }
  return best;
}

/**
 * `did you mean "x"?`, or a list of the candidates.
 *
 * @beta
 */
export function nameHint(name: string, candidates: readonly string[], kind: string): string {
  const nearest = nearestName(name, candidates);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return candidates.length === 0 ? `there are no ${kind}` : `${kind}: ${candidates.join(', ')}`;
}
