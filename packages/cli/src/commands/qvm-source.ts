import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';

/** Source of the qvm packages for a new package. */
export interface QvmSource {
  /** The version specification of a dependency for `package.json`. @throws CliError when it is not available. */
  specOf(name: string): string;
  /** Further packages that must be listed, so that dependencies of the needed ones are not taken from elsewhere. */
  further(needed: readonly string[]): Readonly<Record<string, string>>;
}

/** The source for released versions: the registry. */
export function published(version: string): QvmSource {
  return { specOf: () => `^${version}`, further: () => ({}) };
}

/** Names of tarballs that `npm pack` makes. */
const TARBALL = /^qvm-([a-z0-9_-]+?)-([0-9]+\.[0-9]+\.[0-9]+[^/]*)\.tgz$/;

/**
 * A folder with the tarballs that `npm pack --workspaces` makes in a checkout of qvm, for versions that are not
 * published.
 *
 * @param from - the folder of the new package.
 * @throws CliError when the folder cannot be read or contains no tarballs.
 */
export function tarballs(folder: string, from: string): QvmSource {
  const files = new Map(namesIn(folder).flatMap((file) => tarballOf(file)));
  if (files.size === 0)
    throw new CliError(`${folder} has no tarballs of qvm, such as qvm-core-0.1.0.tgz`, CliExitCode.Usage);
  const spec = (file: string): string => `file:${relative(from, join(folder, file))}`;
  return {
    specOf(name) {
      const file = files.get(name);
      if (file !== undefined) return spec(file);
      throw new CliError(`${folder} has no tarball of ${name}, which the package needs`, CliExitCode.Usage);
    },
    further: (needed) =>
      Object.fromEntries(
        [...files].filter(([name]) => !needed.includes(name)).map(([name, file]) => [name, spec(file)] as const),
      ),
  };
}

function tarballOf(file: string): readonly (readonly [name: string, file: string])[] {
  const name = TARBALL.exec(file)?.[1];
  return name === undefined ? [] : [[`@qvm/${name}`, file]];
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (cause) {
    throw new CliError(`${folder} cannot be read: it is no folder, or permission is denied`, CliExitCode.Usage, {
      cause,
    });
  }
}
