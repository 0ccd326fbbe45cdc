/**
 * A resource or registration that can be released once.
 *
 * @stable
 */
export interface Disposable {
  /** Releases it. Further calls have no effect. */
  dispose(): void;
}
