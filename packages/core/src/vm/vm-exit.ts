/**
 * Exit codes of a VM, as a qvm process reports them. 32–63 are free for vdevs.
 *
 * @beta
 */
export enum VmExitCode {
  /** The guest powered off or reset itself, or the host stopped it politely. */
  Normal = 0,
  /** The host cut the power (`destroy`). */
  PowerCut = 3,
  /** A watchdog bit, or the guest reset again and again (`VmOptions.resetLimit`). */
  Watchdog = 4,
  /** The guest did what the VM does not support. */
  Unsupported = 5,
  /** A vdev failed. */
  VdevError = 6,
  /** Any other failure while the guest ran. */
  UnexpectedError = 7,
  /** The VM could not be started. */
  StartFailed = 64,
  /** The configuration is wrong. */
  ConfigurationError = 65,
}

/**
 * How a VM ended.
 *
 * @beta
 */
export interface VmExit {
  /** One of {@link VmExitCode}, or 32–63 from a vdev. */
  readonly exitCode: number;
  /** A sentence for the user. */
  readonly reason: string;
  /** The error that caused a failure. */
  readonly cause?: unknown;
}
