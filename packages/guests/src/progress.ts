/**
 * Progress of a fetch.
 *
 * @experimental
 */
export type FetchStep = 'wait' | 'update' | 'resolve' | 'download' | 'unpack' | 'assemble' | 'verify' | 'done';

/**
 * One report of a fetch under way.
 *
 * @experimental
 */
export interface FetchProgress {
  readonly step: FetchStep;
  /** One line for people. */
  readonly message: string;
  /** How much of this step is done, 0 to 1, where that is known. */
  readonly fraction?: number;
}

/**
 * Gets every report; must not throw.
 *
 * @experimental
 */
export type OnFetchProgress = (progress: FetchProgress) => void;

/** Bytes as people read them. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Passes fractions on in steps of a hundredth: tools report many times a second, mostly the same. */
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
