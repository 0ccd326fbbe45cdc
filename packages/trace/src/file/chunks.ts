import { setUint53 } from '../record.js';
import { STRING_BYTES } from '../recorder/string-table.js';
import { CHUNK_HEADER_BYTES, ChunkType, HEADER_BYTES, MAGIC, VERSION } from './format.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** The header of a trace file. @experimental */
export function fileHeader(): Bytes {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint16(MAGIC.length, VERSION, true);
  return bytes;
}

/** The last chunk of a trace file. @experimental */
export function endChunk(): Bytes {
  return chunk(ChunkType.End, 0).bytes;
}

/** A stream: `timeOrigin` is the origin of its times, in milliseconds since 1970. */
export function streamChunk(cpu: number, timeOrigin: number): Bytes {
  const { bytes, body } = chunk(ChunkType.Stream, 16);
  body.setUint16(0, cpu, true);
  setUint53(body, 8, Math.max(0, Math.round(timeOrigin * 1e3)));
  return bytes;
}

/** Strings of a stream, in order of their numbers. Long ones are truncated. */
export function stringsChunk(cpu: number, strings: readonly string[]): Bytes {
  const texts = strings.map(encodeShort);
  const { bytes, body } = chunk(
    ChunkType.Strings,
    texts.reduce((sum, { length }) => sum + 1 + length, 4),
  );
  body.setUint16(0, cpu, true);
  body.setUint16(2, texts.length, true);
  let at = CHUNK_HEADER_BYTES + 4;
  for (const text of texts) {
    bytes[at] = text.length;
    bytes.set(text, at + 1);
    at += 1 + text.length;
  }
  return bytes;
}

/** Records of a stream, encoded, before which `lost` were lost. */
export function recordsChunk(cpu: number, lost: number, encoded: Uint8Array): Bytes {
  const { bytes, body } = chunk(ChunkType.Records, 8 + encoded.length);
  body.setUint16(0, cpu, true);
  body.setUint32(4, lost, true);
  bytes.set(encoded, CHUNK_HEADER_BYTES + 8);
  return bytes;
}

/** A chunk of zeros, and its body. */
function chunk(type: ChunkType, length: number): { readonly bytes: Bytes; readonly body: DataView } {
  const bytes = new Uint8Array(CHUNK_HEADER_BYTES + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  return { bytes, body: new DataView(bytes.buffer, CHUNK_HEADER_BYTES) };
}

/** Encodes a text as UTF-8, truncated between two characters to the length that one byte can express. */
function encodeShort(text: string): Uint8Array {
  const room = new Uint8Array(STRING_BYTES);
  const { written } = new TextEncoder().encodeInto(text, room);
  return room.subarray(0, written);
}
