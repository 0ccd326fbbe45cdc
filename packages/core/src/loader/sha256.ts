/**
 * SHA-256 in hexadecimal: the name of kept bytes in a `DigestStore`.
 *
 * @param bytes - may be in shared memory.
 * @experimental
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // A copy, because the digest is not computed of shared memory.
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.slice()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
