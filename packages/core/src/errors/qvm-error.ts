/**
 * Base class of every error that qvm reports to its host (missing image, bad configuration, failing vdev).
 * Guest faults are not errors: they are values that become architectural exceptions.
 *
 * @stable
 */
export class QvmError extends Error {
  /** Stable, dot-separated identifier, such as `memory.overlap`. */
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
