/**
 * How an operation of SSE exists with VEX prefixes: with a length of 128 bits with AVX (or a feature of its own).
 *
 * @internal
 */
export interface VexForms {
  /** Whether the destination is not a source: another register, in VEX.vvvv, is the first one. */
  readonly merged?: true;
  /**
   * The feature that gives it 256 bits; of one on scalars, whose length is ignored, `avx`. Absent: there is one of 128 bits only.
   */
  readonly wide?: 'avx' | 'avx2';
  /** Type of a source that is shorter or longer than that of SSE. */
  readonly source?: string;
}

/** Two sources, as most operations on integers have. @internal */
export const MERGED_AVX2: VexForms = { merged: true, wide: 'avx2' };
/** Two sources, as most operations on floating-point numbers have. @internal */
export const MERGED_AVX: VexForms = { merged: true, wide: 'avx' };
/** Two sources of 128 bits. @internal */
export const MERGED_128: VexForms = { merged: true };
/** One source, of integers. @internal */
export const ALONE_AVX2: VexForms = { wide: 'avx2' };
/** One source, of floating-point numbers. @internal */
export const ALONE_AVX: VexForms = { wide: 'avx' };
/** One source of 128 bits. @internal */
export const ALONE_128: VexForms = {};

/** The encodings with VEX prefixes of an operation that has an encoding of SSE. Those on MMX registers have none. @internal */
export function withVex(encoding: string, { merged, wide, source }: VexForms): readonly string[] {
  const words = encoding.split(' ').filter((word) => !word.startsWith('@'));
  const [target = '', ...rest] = (words.pop() as string).split(',');
  const sources = source === undefined ? rest : [source, ...rest.slice(1)];
  if ([target, ...sources].some((operand) => /^[PQN]/.test(operand))) return [];
  const other = `H${target.slice(1)}`;
  // A shift by an immediate has its destination in VEX.vvvv, the others their first source.
  const written = !merged ? target : target.startsWith('U') ? `${other}=${target}` : `${target}=${other}`;
  const vex = (length: string, feature: string): string =>
    `VEX ${words.join(' ')}${length} ${[written, ...sources].join(',')} @${feature}`;
  if (wide === 'avx') return [vex('', 'avx')];
  return [vex(' L0', 'avx'), ...(wide ? [vex(' L1', wide)] : [])];
}
