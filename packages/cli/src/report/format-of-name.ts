import { extname } from 'node:path';

/**
 * The format of an output: the requested one, otherwise that of the file name's extension, otherwise the default for
 * output without a file.
 *
 * @param endings - formats by extension, with the dot and in lower case.
 */
export function formatOfName<F extends string>(
  asked: F | undefined,
  file: string | undefined,
  endings: Readonly<Record<string, F>>,
  otherwise: F,
): F {
  if (asked !== undefined) return asked;
  const ending = extname(file ?? '').toLowerCase();
  return (Object.hasOwn(endings, ending) ? endings[ending] : undefined) ?? otherwise;
}
