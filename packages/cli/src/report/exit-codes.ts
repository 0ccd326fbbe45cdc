/**
 * Exit codes of the `qvm` command besides those of the VM (`VmExitCode` of `@qvm/core`).
 *
 * @experimental
 */
export enum CliExitCode {
  /** Success; for `start`, the guest powered off or reset. */
  Success = 0,
  /** A command other than `start` failed. */
  Failure = 1,
  /** The command line is wrong. */
  Usage = 2,
  /** An internal error of qvm. */
  Internal = 7,
}
