/**
 * Handlers that every interpreter has, beside those of its rows.
 *
 * @experimental
 */
export enum BuiltIn {
  /** The instruction has not been decoded. */
  Decode,
  /** Goes on in the next page. */
  PageEnd,
  /** No row has the encoding. */
  Undefined,
  /** Only where records are sparse: goes on at the record that is as many bytes away as the i32 after the header says. */
  Goto,
  /** Only where records are sparse: the instruction goes on in the next page. */
  Straddle,
}
