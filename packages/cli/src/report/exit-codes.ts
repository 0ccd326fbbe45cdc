/**
 * Exit codes of the `qvm` command beside those of the VM (`VmExitCode` of `@qvm/core`).
 *
 * @experimental
 */
export enum CliExitCode {
  /** Everything went as asked; for `start`, the guest powered off or reset. */
  Success = 0,
  /** A command other than `start` failed. */
  Failure = 1,
  /** The command line is wrong. */
  Usage = 2,
  /** Something in qvm itself failed. */
  Internal = 7,
}
