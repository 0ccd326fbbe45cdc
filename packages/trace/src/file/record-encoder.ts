import { NO_VCPU } from '../event.js';
import { Field, getUint53, RECORD_BYTES } from '../record.js';
import { LastValues, LONGEST_RECORD, MASK_VCPU, Value } from './record-values.js';

/**
 * Records of the ring as a file has them: the body of one chunk, which is read without any other.
 *
 * @param records - whole records in order of time.
 */
export function encodeRecords(records: Uint8Array): Uint8Array {
  const encoder = new RecordEncoder();
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  for (let at = 0; at < records.length; at += RECORD_BYTES) encoder.put(view, at);
  return encoder.bytes();
}

/** Encodes the records of one chunk. */
class RecordEncoder {
  readonly #last = new LastValues();
  #bytes = new Uint8Array(0x1000);
  #length = 0;
  #time = 0;
  #vcpu = NO_VCPU;
  /** Values of the record's event and vCPU. */
  #words = this.#last.of(0, 0);

  put(view: DataView, at: number): void {
    if (this.#length + LONGEST_RECORD > this.#bytes.length) this.#grow();
    const id = view.getUint8(at + Field.id);
    const vcpu = view.getUint8(at + Field.vcpu);
    this.#words = this.#last.of(id, vcpu);
    const maskAt = this.#length + 1;
    this.#bytes[this.#length] = id;
    this.#length += 2;
    let mask = 0;
    if (vcpu !== this.#vcpu) {
      mask = MASK_VCPU;
      this.#bytes[this.#length++] = this.#vcpu = vcpu;
    }
    this.#putTime(getUint53(view, at + Field.time));
    mask |= this.#value(Value.vm, view.getUint16(at + Field.vm, true), 0);
    mask |= this.#value(Value.name, view.getUint16(at + Field.name, true), 0);
    mask |= this.#value(Value.detail, view.getUint16(at + Field.detail, true), 0);
    mask |= this.#wide(Value.a, view, at + Field.a);
    mask |= this.#value(Value.b, view.getUint32(at + Field.b, true), 0);
    mask |= this.#wide(Value.c, view, at + Field.c);
    mask |= this.#wide(Value.d, view, at + Field.d);
    this.#bytes[maskAt] = mask;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #putTime(time: number): void {
    const passed = time - this.#time;
    this.#time = time;
    this.#varint(passed >>> 0, Math.floor(passed / 0x1_0000_0000));
  }

  #wide(value: Value, view: DataView, at: number): number {
    return this.#value(value, view.getUint32(at, true), view.getUint32(at + 4, true));
  }

  /** Writes how a value differs from the last one, if it does; returns its bit of the mask. */
  #value(value: Value, lo: number, hi: number): number {
    const words = this.#words;
    const index = 2 * value;
    const lastLo = words[index] as number;
    const lastHi = words[index + 1] as number;
    if (lo === lastLo && hi === lastHi) return 0;
    words[index] = lo;
    words[index + 1] = hi;
    const low = (lo - lastLo) | 0;
    const high = (hi - lastHi - (lo < lastLo ? 1 : 0)) | 0;
    // The sign goes to the lowest bit, so that small differences are short in both directions.
    const sign = high >> 31;
    this.#varint(((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
    return 1 << value;
  }

  #varint(low: number, high: number): void {
    const bytes = this.#bytes;
    let [lo, hi] = [low, high];
    while (hi !== 0 || lo >= 0x80) {
      bytes[this.#length++] = (lo & 0x7f) | 0x80;
      lo = ((lo >>> 7) | (hi << 25)) >>> 0;
      hi >>>= 7;
    }
    bytes[this.#length++] = lo;
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
