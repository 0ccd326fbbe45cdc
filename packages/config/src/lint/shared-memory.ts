import { parseSize } from '@qvm/core/options';
import type { SourceLocation } from '../location.js';
import type { LintTarget } from './lint-rule.js';
import { type OwnedVdev, optionOf, vdevsOf } from './vdevs.js';

/** One end of a shared memory region. */
export interface SharedMemoryEnd {
  readonly name: string;
  /** Size in bytes; `undefined` if the end does not specify it. */
  readonly size: number | undefined;
  readonly role: 'server' | 'client';
  readonly owner: string;
  readonly at: SourceLocation;
}

/** All ends: vdevs with a `role`, vdevs that `create` regions, and the declarations of a system file. */
export function sharedMemoryEnds(target: LintTarget): SharedMemoryEnd[] {
  const declared = target.shmem.flatMap(({ name, size, at }): SharedMemoryEnd[] =>
    at === undefined ? [] : [{ name, size, role: 'server', owner: 'the system', at }],
  );
  return [...declared, ...vdevsOf(target, 'shmem').flatMap((owned) => [...namedEnd(owned), ...createdEnds(owned)])];
}

function namedEnd({ owner, vdev }: OwnedVdev): SharedMemoryEnd[] {
  const name = optionOf(vdev, 'name');
  const role = optionOf(vdev, 'role');
  if (name === undefined || (role?.value !== 'server' && role?.value !== 'client')) return [];
  const size = optionOf(vdev, 'size');
  return [{ name: name.value, size: bytesOf(size?.value), role: role.value, owner, at: name.at }];
}

function createdEnds({ owner, vdev }: OwnedVdev): SharedMemoryEnd[] {
  return vdev.options.flatMap(({ name, value, at, valueAt }) => {
    const match = name === 'create' ? /^([^,]+),(.+)$/.exec(value ?? '') : null;
    const where = valueAt ?? at;
    if (match?.[1] === undefined || where === undefined) return [];
    return [{ name: match[1], size: bytesOf(match[2]), role: 'server' as const, owner, at: where }];
  });
}

function bytesOf(text: string | undefined): number | undefined {
  const result = text === undefined ? undefined : parseSize(text);
  return result?.ok === true ? result.value : undefined;
}
