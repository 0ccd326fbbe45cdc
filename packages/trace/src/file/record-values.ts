/*
 * How records stand in a file (docs/formats/trace.md): each is told by its differences to the last record of the same event and
 * vCPU in the same chunk.
 */

/** Values of a record beside its event, vCPU and time; also their bits in the record's mask. */
export enum Value {
  vm,
  name,
  detail,
  a,
  b,
  c,
  d,
}

/** Number of {@link Value}s. */
export const VALUES = 7;
/** Bit of the mask: the number of the vCPU follows; without it, it is that of the record before. */
export const MASK_VCPU = 0x80;
/** Most bytes of a number of 64 bits, seven bits in each. */
export const VARINT_BYTES = 10;
/** More bytes than any record takes. */
export const LONGEST_RECORD = 3 + (1 + VALUES) * VARINT_BYTES;

/** The values of the last record of each event and vCPU: two words for each value, low half first. */
export class LastValues {
  readonly #values = new Map<number, Uint32Array>();

  /** The words of an event and a vCPU, to be read and written; zeros at first. */
  of(id: number, vcpu: number): Uint32Array {
    const key = (id << 8) | vcpu;
    let words = this.#values.get(key);
    if (words === undefined) this.#values.set(key, (words = new Uint32Array(2 * VALUES)));
    return words;
  }
}
