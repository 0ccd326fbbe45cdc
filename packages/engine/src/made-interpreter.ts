import { gunzip } from '@qvm/core/architecture';

/** Greatest size of an interpreter in bytes. */
const LIMIT = 0x100_0000;

/**
 * The module of an interpreter from the text in which a build keeps it.
 *
 * @param text - the module, compressed by gzip, in base64.
 * @throws ImageError when it is damaged.
 * @experimental
 */
export function unpackInterpreter(text: string): Promise<Uint8Array> {
  const binary = atob(text);
  const compressed = new Uint8Array(binary.length);
  for (let i = 0; i < compressed.length; i++) compressed[i] = binary.charCodeAt(i);
  return gunzip(compressed, LIMIT, 'The interpreter');
}
