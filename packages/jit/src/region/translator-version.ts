/** Digest of the modules of this package; the build defines it in bundles. */
declare const QVM_DIGEST: string | undefined;

/**
 * Names the translator: modules of regions that another one made may mean something else. Where this package is not
 * bundled, it is another one in each process, because nobody knows whether the modules have changed.
 *
 * @experimental
 */
export const TRANSLATOR_VERSION: string = typeof QVM_DIGEST === 'string' ? QVM_DIGEST : crypto.randomUUID();
