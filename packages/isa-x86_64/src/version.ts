/** Digest of the modules of this package; the build defines it in bundles. */
declare const QVM_DIGEST: string | undefined;

/**
 * Names this version of rows and builder, for translations that are kept. The same for all versions where this package is
 * not bundled.
 *
 * @experimental
 */
export const X86_VERSION: string = typeof QVM_DIGEST === 'string' ? QVM_DIGEST : 'modules';
