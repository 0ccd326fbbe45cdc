import { QvmError } from '@qvm/core';
import { cellsOf, findNode, textsOf } from '@qvm/core/architecture';
import type { DeviceTreeNode } from '@qvm/core/vdev';
import type { AddressRange } from '@qvm/core/architecture';

/** A range of memory that a device tree reserves, and the node or block that reserves it. @experimental */
export interface ReservedRange extends AddressRange {
  readonly name: string;
}

/** Path of the node of reserved memory. @experimental */
export const RESERVED_MEMORY = '/reserved-memory';

/** Cells that the node of reserved memory has for addresses and sizes. @experimental */
export function reservedMemoryCells({ properties }: DeviceTreeNode): {
  readonly address: number;
  readonly size: number;
} {
  return {
    address: cellsOf(properties['#address-cells'])?.[0] ?? 2,
    size: cellsOf(properties['#size-cells'])?.[0] ?? 1,
  };
}

/**
 * The ranges in the `reg` of the nodes below `/reserved-memory` (Devicetree Specification v0.4 §3.5). A node without
 * `reg` lets
 * the guest choose the place.
 *
 * @param file - the tree's file name, for messages.
 * @throws QvmError `devicetree.malformed` for a `reg` that is no list of addresses and sizes, and for a `ranges` that
 * translates them.
 *
 * @experimental
 */
export function reservedRanges(root: DeviceTreeNode, file: string): readonly ReservedRange[] {
  const node = findNode(root, RESERVED_MEMORY);
  if (node === undefined) return [];
  const { properties, children = [] } = node;
  // §3.5.1: addresses are those of the root, so `ranges` must be absent or empty.
  if (![undefined, true].includes(properties['ranges'] as true | undefined))
    throw malformed(file, `${RESERVED_MEMORY} has "ranges" that are not empty.`);
  const { address, size } = reservedMemoryCells(node);
  return children.filter(isEnabled).flatMap((child) => rangesOf(child, address, size, file));
}

function rangesOf(node: DeviceTreeNode, addressCells: number, sizeCells: number, file: string): ReservedRange[] {
  const { reg } = node.properties;
  if (reg === undefined) return [];
  const path = `${RESERVED_MEMORY}/${node.name}`;
  const cells = cellsOf(reg);
  const each = addressCells + sizeCells;
  if (cells === undefined || sizeCells === 0 || cells.length % each !== 0)
    throw malformed(file, `the "reg" of ${path} is no list of ${addressCells} + ${sizeCells} cells.`);
  return Array.from({ length: cells.length / each }, (_, n) => ({
    name: `${path} of ${file}`,
    base: numberOf(cells.slice(n * each, n * each + addressCells)),
    size: numberOf(cells.slice(n * each + addressCells, (n + 1) * each)),
  }));
}

const numberOf = (cells: readonly number[]): number => cells.reduce((number, cell) => number * 2 ** 32 + cell, 0);

/** §2.3.4: a node without `status` is enabled. */
function isEnabled({ properties }: DeviceTreeNode): boolean {
  const status = textsOf(properties['status'])?.[0];
  return status === undefined || status === 'okay' || status === 'ok';
}

function malformed(file: string, why: string): QvmError {
  return new QvmError('devicetree.malformed', `${file} cannot be used as a device tree: ${why}`);
}
