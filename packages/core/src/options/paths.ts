import { show } from '../text/show.js';

const ABSOLUTE = /^(?:[/\\]|[A-Za-z]:[/\\]|[A-Za-z][A-Za-z0-9+.-]+:\/\/)/;

/**
 * Resolves a path of a configuration file: absolute paths, drive paths and URLs are kept, others are appended
 * to `baseDir`. `..` is kept, because collapsing it would be wrong for folders that are symbolic links.
 * @beta
 */
export function resolvePath(path: string, baseDir: string): string {
  if (ABSOLUTE.test(path) || baseDir === '' || baseDir === '.') return path;
  const relative = path.replace(/^(?:\.\/+)+/, '');
  return /[/\\]$/.test(baseDir) ? baseDir + relative : `${baseDir}/${relative}`;
}

/**
 * The reason why a path is invalid, or `undefined`.
 *
 * @beta
 */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'a path must not be empty';
  // The operating system would truncate the path at a NUL; other control characters are never intended.
  return /\p{Cc}/u.test(path) ? `the path ${show(path)} holds a control character` : undefined;
}
