/**
 * Progress of a fetch.
 *
 * @experimental
 */
export type FetchStep = 'wait' | 'update' | 'resolve' | 'download' | 'unpack' | 'assemble' | 'verify' | 'done';

/**
 * One report of a fetch in progress.
 *
 * @experimental
 */
export interface FetchProgress {
  /** The step that goes on. */
  readonly step: FetchStep;
  /** One line for people. */
  readonly message: string;
  /** Completed fraction of this step, 0 to 1, if known. */
  readonly fraction?: number;
}

/**
 * Called with every report; must not throw.
 *
 * @experimental
 */
export type OnFetchProgress = (progress: FetchProgress) => void;

/** Formats a size for users. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Passes fractions on in steps of a hundredth, because tools report many times a second with little change. */
export function fractionReporter(
  onProgress: OnFetchProgress,
  step: FetchStep,
  message: string,
): (fraction: number) => void {
  let last = -1;
  return (fraction) => {
    const hundredths = Math.floor(Math.min(1, Math.max(0, fraction)) * 100);
    if (hundredths === last) return;
    last = hundredths;
    onProgress({ step, message, fraction: hundredths / 100 });
  };
}
