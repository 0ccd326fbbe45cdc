/**
 * SHA-256 in hexadecimal: the name of kept bytes in a `DigestStore`.
 *
 * @param bytes - may be in shared memory.
 * @experimental
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // The digest is not computed of shared memory.
  const own = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', own));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
