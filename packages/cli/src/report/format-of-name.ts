import { extname } from 'node:path';

/**
 * The format of an output: the one that was asked for, else the one that the ending of the file's name stands for, else the one of
 * output without a file.
 *
 * @param endings - formats by ending, with its dot and in lower case.
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
