/**
 * Something that can be undone or released once.
 *
 * @experimental
 */
export interface Disposable {
  /** Undoes or releases it. Further calls do nothing. */
  dispose(): void;
}
