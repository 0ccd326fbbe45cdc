import { ImageError } from './image-error.js';

/**
 * Whether a file has the magic number of gzip (RFC 1952 §2.3.1).
 *
 * @experimental
 */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses a gzip file.
 *
 * @param limit - largest size of the result in bytes: a small file may expand to a very large one.
 * @param name - name of the file in errors.
 * @throws {@link ImageError} `image.bad-gzip`, `image.too-large`.
 * @experimental
 */
export async function gunzip(bytes: Uint8Array, limit: number, name = 'The image'): Promise<Uint8Array> {
  // The copy is not in shared memory, which a stream would refuse.
  const source = new Blob([new Uint8Array(bytes)]).stream();
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new ImageError('bad-gzip', `${name} is not a whole gzip file.`, { cause });
    });
    if (done) return concatenate(chunks, length);
    length += value.length;
    if (length > limit) {
      // The stream may have failed already; its error no longer matters.
      await reader.cancel().catch(() => undefined);
      throw new ImageError('too-large', `${name} is larger than ${limit} bytes when decompressed.`);
    }
    chunks.push(value);
  }
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
