/**
 * Handlers that every interpreter has besides those of its rows.
 *
 * @experimental
 */
export enum BuiltIn {
  /** The instruction has not been decoded. */
  Decode,
  /** Execution continues in the next page. */
  PageEnd,
  /** No row has the encoding. */
  Undefined,
  /**
   * Only with sparse records: execution continues at the record whose distance in bytes is the i32 after the header.
   */
  Goto,
  /**
   * Only with sparse records: the instruction continues in the next page. If the TLB leads to the slot whose address is
   * the u32 after the header, execution continues at the record that follows.
   */
  Straddle,
}

/**
 * Number of the handlers that an interpreter has before those of its rows.
 *
 * @internal
 */
export const builtInCount = ({ sparse }: { readonly sparse: boolean }): number =>
  (sparse ? BuiltIn.Straddle : BuiltIn.Undefined) + 1;
