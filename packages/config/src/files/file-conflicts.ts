import { show } from '@qvm/core/options';
import { type Finding, findingAt } from '../finding.js';
import { placeText } from '../lint/vdevs.js';
import { NO_SOURCE, type SourceLocation } from '../location.js';
import type { FileUse } from './file-use.js';

/** Two uses of one file, one of which destroys data that the other needs. @experimental */
export interface FileConflict {
  /** The use that writes the file. */
  readonly writer: FileUse;
  /** The use that conflicts with the writing. */
  readonly other: FileUse;
}

/**
 * The first conflict of each use with the uses before it.
 *
 * @param identityOf - returns the same text for all names of a file, links included; `undefined` for a file that can
 * be shared.
 * @experimental
 */
export function fileConflicts(
  uses: readonly FileUse[],
  identityOf: (path: string) => string | undefined,
): readonly FileConflict[] {
  const known = new Map<string, FileUse[]>();
  return uses.flatMap((use) => {
    const identity = identityOf(use.path);
    if (identity === undefined) return [];
    const others = known.get(identity) ?? [];
    known.set(identity, [...others, use]);
    const other = others.find((candidate) => exclude(candidate, use));
    if (other === undefined) return [];
    return [use.access === 'read' ? { writer: other, other: use } : { writer: use, other }];
  });
}

function exclude(a: FileUse, b: FileUse): boolean {
  if (a.disk === true && b.disk === true) return false;
  return a.access !== 'read' || b.access !== 'read';
}

/** Describes a conflict: the location of the writer, and the message. @experimental */
export function describeConflict({ writer, other }: FileConflict): {
  /** Place of the use that writes. */
  readonly at: SourceLocation;
  /** A clause that names both uses, without a full stop. */
  readonly message: string;
  /** Place of the other use, when a configuration names it. */
  readonly hint?: string;
} {
  const same = writer.path === other.path ? '' : `, by the name ${show(other.path)}`;
  const message = `${show(writer.path)} would be written as ${writer.role}, and it is ${other.role}${same}`;
  if (other.at.file === NO_SOURCE.file) return { at: writer.at, message };
  return { at: writer.at, message, hint: `the other use is in ${placeText(other.at, writer.at)}` };
}

/** A conflict as a finding `file.conflict`. @experimental */
export function conflictFinding(conflict: FileConflict): Finding {
  const { at, message, hint } = describeConflict(conflict);
  return findingAt(at, 'error', 'file.conflict', message, hint);
}
