import type { DeviceTreeNode, DeviceTreeValue } from '@qvm/core/vdev';

/** Devicetree Specification v0.4 §2.2.1: node names, with an optional unit address. */
const NODE_NAME = /^[a-zA-Z][a-zA-Z0-9,._+-]{0,30}(@([0-9a-f]+)[0-9a-f,]*)?$/;
/** §2.2.4.1: property names. */
const PROPERTY_NAME = /^[a-zA-Z0-9,._+?#-]{1,31}$/;
/** Cells of one `reg` entry with the root's two address and two size cells. */
const REG_CELLS = 4;

/**
 * Problems of a node that a vdev adds to the root of the device tree; empty if there are none.
 *
 * @experimental
 */
export function deviceTreeProblems(node: DeviceTreeNode): readonly string[] {
  const found = nodeProblems(node);
  if (node.properties.compatible === undefined) {
    found.push('lacks compatible');
  }
  found.push(...regProblems(node));
  return found.map((problem) => `node ${node.name}: ${problem}`);
}

function nodeProblems(node: DeviceTreeNode): string[] {
  const found: string[] = [];
  if (!NODE_NAME.test(node.name)) {
    found.push('has an invalid name');
  }
  for (const [name, value] of Object.entries(node.properties)) {
    if (!PROPERTY_NAME.test(name)) {
      found.push(`property ${name} has an invalid name`);
    }
    if (!isValue(value)) {
      found.push(`property ${name} has an invalid value`);
    }
  }
  return [...found, ...(node.children ?? []).flatMap(nodeProblems)];
}

function isValue(value: DeviceTreeValue): boolean {
  if (value === true || value instanceof Uint8Array) {
    return true;
  }
  if (typeof value === 'string') {
    return !value.includes('\0');
  }
  if ('cells' in value) {
    return value.cells.every((cell) => Number.isInteger(cell) && cell >= 0 && cell <= 0xffff_ffff);
  }
  return value.length > 0 && value.every((text) => !text.includes('\0'));
}

/** §2.2.1.1: the unit address is the first address of `reg`; a node has both or neither. */
function regProblems(node: DeviceTreeNode): readonly string[] {
  const { reg } = node.properties;
  const unitAddress = NODE_NAME.exec(node.name)?.[2];
  if (reg === undefined) {
    return unitAddress === undefined ? [] : ['has a unit address but no reg'];
  }
  if (typeof reg !== 'object' || !('cells' in reg) || reg.cells.length === 0 || reg.cells.length % REG_CELLS !== 0) {
    return ['reg is not made of two address and two size cells'];
  }
  const address = (reg.cells[0] ?? 0) * 2 ** 32 + (reg.cells[1] ?? 0);
  return unitAddress === address.toString(16) ? [] : ['its unit address is not the first address of reg'];
}
