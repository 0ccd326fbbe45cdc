import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { GuestFetchError } from './errors.js';

/**
 * Environment variables, as in `process.env`.
 *
 * @experimental
 */
export type Environment = Readonly<Record<string, string | undefined>>;

function filled(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

/**
 * Folder of fetched guests: `QVM_GUESTS`, or `qvm/guests` in `XDG_CACHE_HOME`, or in `~/.cache` (XDG Base Directory
 * Specification, according to which a relative path in `XDG_CACHE_HOME` is ignored). The folder need not exist.
 *
 * @param env - environment variables. Default: those of the process
 * @returns an absolute path
 * @experimental
 */
export function guestCacheDirectory(env: Environment = process.env): string {
  const own = filled(env.QVM_GUESTS);
  if (own !== undefined) return resolve(own);
  const xdg = filled(env.XDG_CACHE_HOME);
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(filled(env.HOME) ?? homedir(), '.cache');
  return resolve(base, 'qvm', 'guests');
}

/** The Debian release to use if apt knows several: `QVM_GUEST_SUITE`, or bookworm. */
export function guestSuite(env: Environment): string {
  const suite = filled(env.QVM_GUEST_SUITE) ?? 'bookworm';
  // It becomes part of a regular expression in apt's configuration.
  if (!/^[a-z][a-z0-9]{1,31}$/.test(suite)) {
    throw new GuestFetchError('bad-option', `QVM_GUEST_SUITE is not a release name: ${JSON.stringify(suite)}`);
  }
  return suite;
}
