import { QvmError } from '@qvm/core';
import { getUint53 } from '../record.js';
import { STRING_LIMIT } from '../recorder/string-table.js';
import type { TraceStream } from '../stream-cursor.js';
import { Trace } from '../trace.js';
import { CHUNK_HEADER_BYTES, CHUNK_LIMIT, ChunkType, HEADER_BYTES, MAGIC, VERSION } from './format.js';
import { malformed, need } from './malformed.js';
import { RecordDecoder, TIME_LIMIT } from './record-decoder.js';

/** Largest number of threads in one trace. */
const STREAM_LIMIT = 1024;
/** Most records of one trace, and most bytes of them. */
const RECORD_LIMIT = 50_000_000;
const RECORD_BYTES_LIMIT = 2 ** 30;
/** Streams of one trace begin in the same 25 days: their times can be put on one line. */
const ORIGIN_SPAN = 2 ** 41;

interface Stream extends TraceStream {
  readonly strings: string[];
  readonly blocks: Uint8Array[];
  length: number;
  first: number;
  last: number;
  lost: number;
}

/**
 * Reads a trace file in pieces of any size. The file may be truncated anywhere, or not be a trace at all: memory is
 * allocated only for bytes that have arrived, and invalid data is refused.
 *
 * @experimental
 */
export class TraceReader {
  readonly #streams = new Map<number, Stream>();
  /** Bytes that wait for the rest of a chunk, and their number. */
  #rest = new Uint8Array(HEADER_BYTES);
  #length = 0;
  /** Bytes of the piece that is waited for, with its header. */
  #wanted = HEADER_BYTES;
  #headerRead = false;
  #ended = false;
  #records = 0;
  #recordBytes = 0;

  /**
   * Takes the next piece of the file.
   *
   * @throws QvmError `trace.format` when it is not a trace or is damaged; `trace.version`; `trace.too-large`.
   */
  push(piece: Uint8Array): void {
    if (this.#ended) return;
    const waiting = this.#length > 0;
    if (waiting) this.#append(piece);
    const bytes = waiting ? this.#rest.subarray(0, this.#length) : piece;
    let at = 0;
    while (!this.#ended && bytes.length - at >= this.#wanted) at += this.#take(bytes.subarray(at, at + this.#wanted));
    if (waiting && at === 0) return;
    this.#length = 0;
    this.#append(bytes.subarray(at));
  }

  /** Ends the file. For a truncated file, the result has all complete records, and {@link Trace.complete} is false. */
  end(): Trace {
    if (!this.#headerRead) throw malformed('it is too short to be one');
    return new Trace([...this.#streams.values()], this.#ended);
  }

  /** Adds to the bytes that wait. Their room is doubled, so that many small pieces cost no more than a few large ones. */
  #append(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#rest.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#rest.length));
      larger.set(this.#rest.subarray(0, this.#length));
      this.#rest = larger;
    }
    this.#rest.set(piece, this.#length);
    this.#length = length;
  }

  /** Looks at a piece that has the wanted length; returns how much of it is done. */
  #take(part: Uint8Array): number {
    if (!this.#headerRead) {
      this.#readHeader(part);
      this.#wanted = CHUNK_HEADER_BYTES;
      return part.length;
    }
    const view = new DataView(part.buffer, part.byteOffset, part.length);
    const length = view.getUint32(4, true);
    if (length > CHUNK_LIMIT) throw malformed(`it has a chunk of ${length} bytes`);
    if (part.length < CHUNK_HEADER_BYTES + length) {
      this.#wanted = CHUNK_HEADER_BYTES + length;
      return 0;
    }
    this.#wanted = CHUNK_HEADER_BYTES;
    this.#readChunk(view.getUint32(0, true), part.subarray(CHUNK_HEADER_BYTES, CHUNK_HEADER_BYTES + length));
    return CHUNK_HEADER_BYTES + length;
  }

  #readHeader(part: Uint8Array): void {
    if (!MAGIC.every((byte, index) => part[index] === byte)) throw malformed('it does not begin like one');
    const version = (part[MAGIC.length] ?? 0) | ((part[MAGIC.length + 1] ?? 0) << 8);
    if (version !== VERSION) {
      throw new QvmError(
        'trace.version',
        `The trace has version ${version} of the format; this qvm reads version ${VERSION}. Record it again, or read it with the qvm that wrote it.`,
      );
    }
    this.#headerRead = true;
  }

  #readChunk(type: number, bytes: Uint8Array): void {
    const body = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (type === ChunkType.Stream) this.#readStream(body);
    else if (type === ChunkType.Strings) this.#readStrings(bytes, body);
    else if (type === ChunkType.Records) this.#readRecords(bytes, body);
    else if (type === ChunkType.End) this.#ended = true;
  }

  #readStream(body: DataView): void {
    need(body.byteLength >= 16, 'a stream is cut off');
    const cpu = body.getUint16(0, true);
    need(!this.#streams.has(cpu), `stream ${cpu} begins twice`);
    need(this.#streams.size < STREAM_LIMIT, 'it has too many streams');
    const originMicroseconds = getUint53(body, 8);
    need(originMicroseconds <= TIME_LIMIT, 'a stream begins at an impossible time');
    const [first = { originMicroseconds }] = this.#streams.values();
    need(Math.abs(originMicroseconds - first.originMicroseconds) <= ORIGIN_SPAN, 'its streams are too far apart');
    this.#streams.set(cpu, { cpu, originMicroseconds, strings: [], blocks: [], length: 0, first: 0, last: 0, lost: 0 });
  }

  #readStrings(bytes: Uint8Array, body: DataView): void {
    need(body.byteLength >= 4, 'a table of strings is cut off');
    const { strings } = this.#streamOf(body);
    const count = body.getUint16(2, true);
    need(strings.length + count <= STRING_LIMIT, 'it has too many strings');
    let at = 4;
    for (let n = 0; n < count; n++) {
      const length = bytes[at];
      need(length !== undefined && at + 1 + length <= bytes.length, 'a string is cut off');
      strings.push(printable(new TextDecoder().decode(bytes.subarray(at + 1, at + 1 + length))));
      at += 1 + length;
    }
  }

  #readRecords(bytes: Uint8Array, body: DataView): void {
    need(body.byteLength >= 8, 'a record is cut off');
    const stream = this.#streamOf(body);
    stream.lost += body.getUint32(4, true);
    if (bytes.length === 8) return;
    // A copy: the bytes are in a buffer that is used again.
    const block = new Uint8Array(bytes.subarray(8));
    this.#recordBytes += block.length;
    this.#checkSize();
    const decoder = new RecordDecoder(block);
    decoder.next();
    need(decoder.time >= stream.last, 'its records are not in order of time');
    if (stream.length === 0) stream.first = decoder.time;
    let count = 1;
    while (decoder.next()) count++;
    stream.last = decoder.time;
    stream.length += count;
    stream.blocks.push(block);
    this.#records += count;
    this.#checkSize();
  }

  #checkSize(): void {
    if (this.#records <= RECORD_LIMIT && this.#recordBytes <= RECORD_BYTES_LIMIT) return;
    throw new QvmError(
      'trace.too-large',
      `The trace has more than ${RECORD_LIMIT} records, or ${RECORD_BYTES_LIMIT} bytes of them.`,
    );
  }

  #streamOf(body: DataView): Stream {
    const cpu = body.getUint16(0, true);
    const stream = this.#streams.get(cpu);
    if (stream === undefined) throw malformed(`stream ${cpu} was not begun`);
    return stream;
  }
}

/**
 * Reads a whole trace file.
 *
 * @throws as {@link TraceReader.push}.
 * @experimental
 */
export function readTrace(file: Uint8Array): Trace {
  const reader = new TraceReader();
  reader.push(file);
  return reader.end();
}

/** Names end up on terminals: control characters, and what steers the direction of text, become a question mark. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
