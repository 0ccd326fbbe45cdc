import { RecordDecoder } from './file/record-decoder.js';
import { Value } from './file/record-values.js';
import type { TraceEvent } from './event.js';

/** The records of one thread, as they were read. */
export interface TraceStream {
  readonly cpu: number;
  /** Start of its times, in microseconds since 1970. */
  readonly originMicroseconds: number;
  readonly strings: readonly string[];
  /** Bodies of chunks, whose records were found to be whole and in order of time. */
  readonly blocks: readonly Uint8Array[];
  /** Number of records. */
  readonly length: number;
  /** Time of the first record and of the last one. */
  readonly first: number;
  readonly last: number;
  /** Records that were lost. */
  readonly lost: number;
}

/**
 * Goes through the records of a stream. It is the event that it is at: texts and numbers of 64 bits are made when they are
 * asked for, and nothing else is.
 */
export class StreamCursor implements TraceEvent {
  readonly cpu: number;
  #decoder = new RecordDecoder(new Uint8Array(0));
  #block = 0;

  /** @param shift - nanoseconds to add to the stream's times. */
  constructor(
    private readonly stream: TraceStream,
    private readonly shift: number,
  ) {
    this.cpu = stream.cpu;
  }

  /** Goes to the next record; false after the last one. */
  next(): boolean {
    while (!this.#decoder.next()) {
      const bytes = this.stream.blocks[this.#block++];
      if (bytes === undefined) return false;
      this.#decoder = new RecordDecoder(bytes);
    }
    return true;
  }

  get time(): number {
    return this.#decoder.time + this.shift;
  }

  get id(): number {
    return this.#decoder.id;
  }

  get vcpu(): number {
    return this.#decoder.vcpu;
  }

  get vm(): string {
    return this.#text(Value.vm);
  }

  get name(): string {
    return this.#text(Value.name);
  }

  get detail(): string {
    return this.#text(Value.detail);
  }

  get a(): number {
    const { words } = this.#decoder;
    return (words[2 * Value.a + 1] as number) * 0x1_0000_0000 + (words[2 * Value.a] as number);
  }

  get b(): number {
    return this.number(Value.b);
  }

  get c(): bigint {
    return this.#wide(Value.c);
  }

  get d(): bigint {
    return this.#wide(Value.d);
  }

  /** The low 32 bits of a value: for a text its number. */
  number(value: Value): number {
    return this.#decoder.words[2 * value] as number;
  }

  /** The event as an object of its own. */
  copy(): TraceEvent {
    const { time, id, cpu, vm, vcpu, name, detail, a, b, c, d } = this;
    return { time, id, cpu, vm, vcpu, name, detail, a, b, c, d };
  }

  #text(value: Value): string {
    return this.stream.strings[this.number(value)] ?? '?';
  }

  #wide(value: Value): bigint {
    const { words } = this.#decoder;
    return (BigInt(words[2 * value + 1] as number) << 32n) | BigInt(words[2 * value] as number);
  }
}
