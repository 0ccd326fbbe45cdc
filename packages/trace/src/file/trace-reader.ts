import { QvmError } from '@qvm/core';
import { Field, getUint53, RECORD_BYTES } from '../record.js';
import { STRING_LIMIT } from '../recorder/string-table.js';
import { Trace, type TraceStream } from '../trace.js';
import { CHUNK_HEADER_BYTES, CHUNK_LIMIT, ChunkType, HEADER_BYTES, MAGIC, VERSION } from './format.js';

/** Most threads of one trace. */
const STREAM_LIMIT = 1024;
/** Most records of one trace: 2 GB of them. */
const RECORD_LIMIT = 50_000_000;
/** Times are exact below, and so are differences of streams' origins. */
const TIME_LIMIT = 2 ** 52;
/** Streams of one trace begin in the same 25 days: their times can be put on one line. */
const ORIGIN_SPAN = 2 ** 41;

interface Stream extends TraceStream {
  readonly strings: string[];
  readonly blocks: DataView[];
  lost: number;
}

/**
 * Reads a trace file from pieces of any size. What it reads may be cut off anywhere, or be no trace at all: memory is
 * taken only for bytes that have come, and what does not fit the format is refused.
 *
 * @experimental
 */
export class TraceReader {
  readonly #streams = new Map<number, Stream>();
  #rest: Uint8Array = new Uint8Array(0);
  /** Bytes of the piece that is waited for, with its header. */
  #wanted = HEADER_BYTES;
  #headerRead = false;
  #ended = false;
  #records = 0;

  /**
   * Takes the next piece of the file.
   *
   * @throws QvmError `trace.format` when it is no trace, or a damaged one; `trace.version`; `trace.too-large`.
   */
  push(piece: Uint8Array): void {
    if (this.#ended) return;
    // Node's Buffer has a `slice` of its own, which does not copy.
    const bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    this.#rest = concat(this.#rest, bytes);
    let at = 0;
    while (!this.#ended && this.#rest.length - at >= this.#wanted) {
      const part = this.#rest.subarray(at, at + this.#wanted);
      at += this.#take(part);
    }
    this.#rest = this.#rest.slice(at);
  }

  /** Ends the file. A file that is cut off gives what was whole, and {@link Trace.complete} is false. */
  end(): Trace {
    if (!this.#headerRead) throw malformed('it is too short to be one');
    return new Trace([...this.#streams.values()], this.#ended);
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
        `The trace has version ${version} of the format; only ${VERSION} can be read.`,
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
    need(body.getUint16(2, true) === RECORD_BYTES, 'its records have another size');
    need(!this.#streams.has(cpu), `stream ${cpu} begins twice`);
    need(this.#streams.size < STREAM_LIMIT, 'it has too many streams');
    const originMicroseconds = getUint53(body, 8);
    need(originMicroseconds <= TIME_LIMIT, 'a stream begins at an impossible time');
    const [first = { originMicroseconds }] = this.#streams.values();
    need(Math.abs(originMicroseconds - first.originMicroseconds) <= ORIGIN_SPAN, 'its streams are too far apart');
    this.#streams.set(cpu, { cpu, originMicroseconds, strings: [], blocks: [], lost: 0 });
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
      strings.push(printable(new TextDecoder().decode(bytes.subarray(at + 1, at + 1 + (length ?? 0)))));
      at += 1 + (length ?? 0);
    }
  }

  #readRecords(bytes: Uint8Array, body: DataView): void {
    need(body.byteLength >= 8 && (body.byteLength - 8) % RECORD_BYTES === 0, 'a record is cut off');
    const stream = this.#streamOf(body);
    const count = (body.byteLength - 8) / RECORD_BYTES;
    this.#records += count;
    if (this.#records > RECORD_LIMIT) {
      throw new QvmError('trace.too-large', `The trace has more than ${RECORD_LIMIT} records.`);
    }
    stream.lost += body.getUint32(4, true);
    const block = new DataView(bytes.slice(8).buffer);
    for (let at = 0; at < block.byteLength; at += RECORD_BYTES) {
      need(getUint53(block, at + Field.time) <= TIME_LIMIT, 'a record has an impossible time');
    }
    if (count !== 0) stream.blocks.push(block);
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

function malformed(why: string): QvmError {
  return new QvmError('trace.format', `This is no trace that can be read: ${why}.`);
}

function need(condition: boolean, why: string): void {
  if (!condition) throw malformed(why);
}

/** Names end up on terminals: control characters, and what steers the direction of text, become a question mark. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
