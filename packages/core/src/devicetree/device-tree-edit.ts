import { QvmError } from '../errors/qvm-error.js';
import type { DeviceTreeNode, DeviceTreeValue } from './device-tree.js';

/** The child that a path component names: by its full name, or without unit address if that is unambiguous (§2.2.3). */
function matchChild(node: DeviceTreeNode, component: string): DeviceTreeNode | undefined {
  const children = node.children ?? [];
  const exact = children.find(({ name }) => name === component);
  if (exact !== undefined || component.includes('@')) return exact;
  const loose = children.filter(({ name }) => name.startsWith(`${component}@`));
  return loose.length === 1 ? loose[0] : undefined;
}

function components(path: string): readonly string[] {
  if (!path.startsWith('/')) throw new QvmError('devicetree.path', `The path ${path} does not begin with /.`);
  return path.split('/').filter((component) => component !== '');
}

/**
 * The node at a path such as `/cpus/cpu@0`. A unit address may be omitted if only one child matches.
 *
 * @throws `QvmError` `devicetree.path` when `path` does not begin with `/`.
 * @experimental
 */
export function findNode(root: DeviceTreeNode, path: string): DeviceTreeNode | undefined {
  let node: DeviceTreeNode | undefined = root;
  for (const component of components(path)) node = node && matchChild(node, component);
  return node;
}

function edit(
  node: DeviceTreeNode,
  path: readonly string[],
  full: string,
  change: (node: DeviceTreeNode) => DeviceTreeNode,
): DeviceTreeNode {
  const [component, ...rest] = path;
  if (component === undefined) return change(node);
  const target = matchChild(node, component);
  if (target === undefined) throw new QvmError('devicetree.path', `The device tree has no single node ${full}.`);
  const children = (node.children ?? []).map((child) => (child === target ? edit(child, rest, full, change) : child));
  return { ...node, children };
}

/**
 * Replaces a node by the result of `change`. Trees are not modified in place; the result shares unchanged nodes.
 *
 * @throws `QvmError` `devicetree.path` when there is no such node.
 * @experimental
 */
export function editNode(
  root: DeviceTreeNode,
  path: string,
  change: (node: DeviceTreeNode) => DeviceTreeNode,
): DeviceTreeNode {
  return edit(root, components(path), path, change);
}

/**
 * Sets a property of the node at `path`; `undefined` removes it.
 *
 * @throws `QvmError` `devicetree.path`.
 * @experimental
 */
export function setProperty(
  root: DeviceTreeNode,
  path: string,
  name: string,
  value: DeviceTreeValue | undefined,
): DeviceTreeNode {
  return editNode(root, path, (node) => {
    const kept = Object.entries(node.properties).filter(([key]) => key !== name);
    return { ...node, properties: Object.fromEntries(value === undefined ? kept : [...kept, [name, value]]) };
  });
}

/**
 * Adds a child to the node at `path`, replacing a child of the same name.
 *
 * @throws `QvmError` `devicetree.path`.
 * @experimental
 */
export function putChild(root: DeviceTreeNode, path: string, child: DeviceTreeNode): DeviceTreeNode {
  return editNode(root, path, (node) => {
    const others = (node.children ?? []).filter(({ name }) => name !== child.name);
    return { ...node, children: [...others, child] };
  });
}

/**
 * Removes the children of the node at `path` for which `unwanted` returns true.
 *
 * @throws `QvmError` `devicetree.path`.
 * @experimental
 */
export function removeChildren(
  root: DeviceTreeNode,
  path: string,
  unwanted: (child: DeviceTreeNode) => boolean,
): DeviceTreeNode {
  return editNode(root, path, (node) => ({
    ...node,
    children: (node.children ?? []).filter((child) => !unwanted(child)),
  }));
}

/**
 * Converts a value of any form to 32-bit cells; `undefined` when it does not consist of cells.
 *
 * @experimental
 */
export function cellsOf(value: DeviceTreeValue | undefined): readonly number[] | undefined {
  if (value instanceof Uint8Array) {
    if (value.length % 4 !== 0) return undefined;
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    return Array.from({ length: value.length / 4 }, (_, index) => view.getUint32(index * 4));
  }
  return typeof value === 'object' && 'cells' in value ? value.cells : undefined;
}

/**
 * Converts a value of any form to strings; `undefined` when it does not consist of strings.
 *
 * @experimental
 */
export function textsOf(value: DeviceTreeValue | undefined): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) {
    if (value.at(-1) !== 0) return undefined;
    return new TextDecoder().decode(value.slice(0, -1)).split('\0');
  }
  return Array.isArray(value) ? (value as readonly string[]) : undefined;
}
