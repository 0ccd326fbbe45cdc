import { show } from '../text/show.js';

const ABSOLUTE = /^(?:[/\\]|[A-Za-z]:[/\\]|[A-Za-z][A-Za-z0-9+.-]+:\/\/)/;

/**
 * A path of a configuration file as seen from the program: absolute paths, drive paths and URLs stay, others are put
 * after `baseDir`. `..` is kept, since collapsing it would be wrong where folders are symbolic links.
 * @experimental
 */
export function resolvePath(path: string, baseDir: string): string {
  if (ABSOLUTE.test(path) || baseDir === '' || baseDir === '.') return path;
  const relative = path.replace(/^(?:\.\/+)+/, '');
  return /[/\\]$/.test(baseDir) ? baseDir + relative : `${baseDir}/${relative}`;
}

/** Why a path cannot be one, or `undefined`. */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'a path must not be empty';
  // A NUL would cut the path off in the operating system; other control characters are never meant.
  return /\p{Cc}/u.test(path) ? `the path ${show(path)} holds a control character` : undefined;
}
