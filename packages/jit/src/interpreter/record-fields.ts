import { RECORD_BYTES } from '../builder/layout.js';
import type { RegisterFile } from '../builder/register-file.js';

/**
 * One field of a record.
 *
 * @experimental
 */
export interface RecordField {
  /** Byte offset in the record. */
  readonly offset: number;
  /** Number of the operand. */
  readonly operand: number;
  /**
   * Encoding of the value: a register's state offset (`byte`: its distance from the file's `fieldBase`), a number, the
   * distance in bytes to the record of a branch's target, or a distance from the start of the page.
   */
  readonly kind: 'source' | 'destination' | 'byte' | 'u8' | 'u16' | 'i32' | 'i64' | 'near' | 'place';
  /** The register file of a state offset. */
  readonly file: RegisterFile | undefined;
}

const FIELD_BYTES = { source: 2, destination: 2, byte: 1, u8: 1, u16: 2, i32: 4, near: 4, place: 4, i64: 8 } as const;

/**
 * The fields of one handler's records. A field is added when the handler first reads an operand in a role.
 *
 * @internal
 */
export class RecordFields {
  readonly all: RecordField[] = [];
  #used: number;

  /** @param headerBytes - size in bytes of a record's header, before its fields. */
  constructor(headerBytes: number) {
    this.#used = headerBytes;
  }

  /**
   * Offset of the field for an operand in a role.
   *
   * @throws Error when the record has no room for it.
   */
  offsetOf(operand: number, role: RecordField['kind'], file?: RegisterFile): number {
    const kind = file?.fieldBase !== undefined ? 'byte' : file?.inPlace ? 'source' : role;
    const stored = file?.fieldOf ?? file;
    const found = this.all.find((field) => field.operand === operand && field.kind === kind && field.file === stored);
    if (found) return found.offset;
    const offset = this.#used;
    this.#used += FIELD_BYTES[kind];
    if (this.#used > RECORD_BYTES) throw new Error('the operands of a row do not fit a record');
    this.all.push({ offset, operand, kind, file: stored });
    return offset;
  }
}
