/**
 * Value of a device-tree property (Devicetree Specification v0.4 §2.2.4): empty, text(s), 32-bit cells, or raw bytes.
 *
 * @stable
 */
export type DeviceTreeValue =
  | true
  | string
  | readonly string[]
  | {
      /** Unsigned 32-bit numbers, which are written big-endian. */
      readonly cells: readonly number[];
    }
  | Uint8Array;

/**
 * A node of a device tree.
 *
 * @stable
 */
export interface DeviceTreeNode {
  /** `name@unit-address`; empty for the root. */
  readonly name: string;
  /** Properties by name, in the order in which they are written. */
  readonly properties: Readonly<Record<string, DeviceTreeValue>>;
  /** Child nodes, in the order in which they are written. */
  readonly children?: readonly DeviceTreeNode[];
}
