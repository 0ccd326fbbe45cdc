/** Digest of the modules of this package; the build defines it in bundles. */
declare const QVM_DIGEST: string | undefined;

/**
 * Names the translator: modules of regions that another one made may mean something else. The same for all translators
 * where this package is not bundled.
 *
 * @experimental
 */
export const TRANSLATOR_VERSION: string = typeof QVM_DIGEST === 'string' ? QVM_DIGEST : 'modules';
