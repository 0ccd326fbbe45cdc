import { contentsOf, gunzip, ImageError, isElf, isGzip, sha256 } from '@qvm/core/architecture';
import type { Contents, DigestStore } from '@qvm/core/architecture';
import { asImageError } from './damaged.js';
import { decodeLz4, isLz4 } from './lz4.js';
import { decodeLzmaAlone, isLzma } from './lzma-alone.js';
import { decodeXz, isXz } from './xz.js';

interface Format {
  readonly matches: (bytes: Uint8Array) => boolean;
  /** Fills `out` with what `bytes` become. */
  readonly decode: (bytes: Uint8Array, out: Uint8Array) => void;
}

const FORMATS: readonly Format[] = [
  { matches: isXz, decode: decodeXz },
  { matches: isLz4, decode: decodeLz4 },
  { matches: isLzma, decode: decodeLzmaAlone },
];

const mark =
  (...bytes: readonly number[]) =>
  (payload: Uint8Array) =>
    bytes.every((byte, at) => payload[at] === byte);

/** Compressions that Linux knows and this package does not. */
const UNSUPPORTED: readonly (readonly [name: string, matches: (bytes: Uint8Array) => boolean])[] = [
  ['zstd', mark(0x28, 0xb5, 0x2f, 0xfd)],
  ['bzip2', mark(0x42, 0x5a, 0x68)],
  ['lzo', mark(0x89, 0x4c, 0x5a, 0x4f)],
];

/** The build of Linux writes the size of the decompressed kernel after every compressed one, little-endian. */
const SIZE_BYTES = 4;

/**
 * Decompresses the payload of a bzImage: gzip, xz, LZ4 or LZMA, or an ELF file that is not compressed.
 *
 * @param limit - largest size in bytes of the result: the VM's RAM.
 * @param name - name of the file in errors.
 * @param unpacked - where the results of all formats but gzip are kept, which is fast.
 * @throws `ImageError` `image.unknown-format`, `image.too-large`, `image.bad-gzip`, `image.bad-payload`.
 */
export async function unpackPayload(
  payload: Uint8Array,
  limit: number,
  name: string,
  unpacked?: DigestStore,
): Promise<Contents> {
  if (isElf(payload)) return contentsOf(payload);
  if (payload.length <= SIZE_BYTES) throw new ImageError('truncated', `${name} contains no kernel.`);
  if (isGzip(payload)) return contentsOf(await gunzip(payload, limit, `The compressed kernel in ${name}`));
  const format = FORMATS.find(({ matches }) => matches(payload));
  if (!format) throw unknown(payload, name);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const size = view.getUint32(payload.length - SIZE_BYTES, true);
  if (size > limit)
    throw new ImageError(
      'too-large',
      `The kernel in ${name} has ${size} bytes when decompressed, more than the VM's RAM.`,
    );
  const digest = unpacked === undefined ? '' : await sha256(payload);
  const known = await unpacked?.find(digest);
  if (known?.length === size) return known;
  const out = new Uint8Array(size);
  try {
    format.decode(payload.subarray(0, -SIZE_BYTES), out);
  } catch (error) {
    throw asImageError(error, name);
  }
  await unpacked?.keep(digest, out);
  return contentsOf(out);
}

function unknown(payload: Uint8Array, name: string): ImageError {
  const other = UNSUPPORTED.find(([, matches]) => matches(payload))?.[0];
  const what = other === undefined ? 'in an unknown way' : `with ${other}`;
  return new ImageError(
    'unknown-format',
    `The kernel in ${name} is compressed ${what}; gzip, xz, lz4 and lzma are understood. Give the unpacked vmlinux instead.`,
  );
}
