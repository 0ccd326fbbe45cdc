import { QvmError } from '../errors/qvm-error.js';

/**
 * A problem of an image. `image.` followed by it is the code of an {@link ImageError}.
 *
 * @experimental
 */
export type ImageProblem =
  | 'truncated'
  | 'unknown-format'
  | 'wrong-class'
  | 'wrong-endianness'
  | 'wrong-machine'
  | 'bad-header'
  | 'no-entry'
  | 'bad-segment'
  | 'overlap'
  | 'no-segments'
  | 'bad-gzip'
  | 'bad-payload'
  | 'too-large'
  | 'does-not-fit';

/**
 * Thrown for a kernel, initial file system or device tree that cannot be loaded. Code `image.` and the problem.
 *
 * @experimental
 */
export class ImageError extends QvmError {
  /** The part of the code after `image.`. */
  readonly problem: ImageProblem;

  constructor(problem: ImageProblem, message: string, options?: { readonly cause?: unknown }) {
    super(`image.${problem}`, message, options);
    this.problem = problem;
  }
}
