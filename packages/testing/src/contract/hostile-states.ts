import type { Json } from '@qvm/core';

type Path = readonly (string | number)[];

/** Values that replace parts of a state. Not all are JSON, because a caller may pass anything. */
const POISONS: readonly unknown[] = [
  null,
  undefined,
  true,
  '',
  'x'.repeat(1000),
  -1,
  0.5,
  NaN,
  Infinity,
  2 ** 32,
  2 ** 53,
  [],
  {},
  Array.from({ length: 100_000 }, () => 0),
  { length: 3 },
];

/** Largest number of places in a state that are replaced; large states are sampled evenly. */
const MAX_PLACES = 200;

/**
 * Variations of a valid state as inputs for `restore`: other values at each place, members missing or added. Some may
 * happen to be valid.
 *
 * @experimental
 */
export function* hostileStates(valid: Json): Generator<{
  /** Name of the mutation, for the title of a test. */
  readonly label: string;
  /** The mutated state. */
  readonly state: unknown;
}> {
  const paths = sample(allPaths(valid, []), MAX_PLACES);
  for (const path of paths) {
    for (const poison of POISONS) {
      yield { label: `${describePath(path)} = ${describe(poison)}`, state: replaceAt(valid, path, () => poison) };
    }
    yield { label: `${describePath(path)} with a member more`, state: replaceAt(valid, path, withExtraMember) };
    yield {
      label: `${describePath(path)} without its first member`,
      state: replaceAt(valid, path, withoutFirstMember),
    };
  }
}

function sample<T>(items: readonly T[], limit: number): readonly T[] {
  const step = Math.max(1, items.length / limit);
  return Array.from({ length: Math.min(items.length, limit) }, (_, index) => items[Math.floor(index * step)] as T);
}

function allPaths(value: unknown, path: Path): Path[] {
  return [path, ...members(value).flatMap(([key, member]) => allPaths(member, [...path, key]))];
}

function members(value: unknown): readonly (readonly [string | number, unknown])[] {
  if (Array.isArray(value)) {
    return value.map((member: unknown, index) => [index, member] as const);
  }
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function replaceAt(value: unknown, path: Path, change: (old: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) {
    return change(value);
  }
  const replaced = members(value).map(([name, member]) => [
    name,
    name === key ? replaceAt(member, rest, change) : member,
  ]);
  return Array.isArray(value) ? replaced.map(([, member]) => member) : Object.fromEntries(replaced);
}

function withExtraMember(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as unknown[]), {}] : { ...(value as object), qvmUnknownMember: 0 };
}

function withoutFirstMember(value: unknown): unknown {
  const [, ...rest] = members(value);
  return Array.isArray(value) ? rest.map(([, member]) => member) : Object.fromEntries(rest);
}

function describePath(path: Path): string {
  return ['state', ...path].join('.');
}

function describe(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
