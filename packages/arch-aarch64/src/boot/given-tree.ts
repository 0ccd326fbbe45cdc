import { QvmError } from '@qvm/core';
import {
  cellsOf,
  findNode,
  putChild,
  readDeviceTree,
  readMemoryReservations,
  removeChildren,
  setProperty,
  textsOf,
} from '@qvm/core/architecture';
import type { BootFile, MemoryReservation } from '@qvm/core/architecture';
import type { DeviceTreeNode, DeviceTreeValue } from '@qvm/core/vdev';
import { chosenProperties, cpuNode, memoryNode, psciNode, reservationNode } from './device-tree.js';
import type { BoardDescription } from './device-tree.js';
import { RESERVED_MEMORY, reservedMemoryCells, reservedRanges } from './reserved-memory.js';
import type { ReservedRange } from './reserved-memory.js';

/** Cells that a node's children use for addresses and sizes (Devicetree Specification v0.4 §2.3.5). */
interface CellCounts {
  readonly address: number;
  readonly size: number;
}

/**
 * A device tree that the user gave, to be fitted to a VM.
 *
 * @experimental
 */
export interface GivenTree {
  /** The tree's memory reservation block. */
  readonly reservations: readonly MemoryReservation[];
  /** Memory that the tree reserves: its reservation block and the nodes below `/reserved-memory`. */
  readonly reserved: readonly ReservedRange[];
  /**
   * The tree with the VM's memory, CPUs, firmware and `chosen`, and with the RAM that vdevs have reserved; all other
   * nodes stay.
   *
   * @param isMapped - whether the VM has something at an address: devices that it does not have are disabled, because
   * a guest that looks for them would take an external abort, or find an empty place.
   * @throws QvmError `devicetree.malformed`
   */
  patch(board: BoardDescription, isMapped: (address: number) => boolean): DeviceTreeNode;
}

/** Properties of CPU nodes that are removed, because they describe how other firmware starts the CPU. */
const OTHER_FIRMWARE = ['cpu-release-addr'];

/**
 * Reads a given tree.
 *
 * @throws QvmError `devicetree.malformed`, with the file's name.
 * @experimental
 */
export function readGivenTree({ name, bytes }: BootFile): GivenTree {
  const malformed = (why: string, cause?: unknown): QvmError =>
    new QvmError('devicetree.malformed', `${name} cannot be used as a device tree: ${why}`, { cause });
  try {
    const root = readDeviceTree(bytes);
    const reservations = readMemoryReservations(bytes);
    const counts = cellCounts(root);
    if (![1, 2].includes(counts.address) || ![1, 2].includes(counts.size)) {
      throw malformed(
        `its root has #address-cells ${counts.address} and #size-cells ${counts.size}; 1 and 2 are possible.`,
      );
    }
    const encode = (n: number, cells: number, where: string): readonly number[] => {
      if (cells === 1 && n >= 2 ** 32)
        throw malformed(`${where} has one cell for addresses or sizes, and 0x${n.toString(16)} needs two.`);
      if (cells !== 1 && cells !== 2)
        throw malformed(`${where} has ${cells} cells for addresses or sizes; 1 and 2 are possible.`);
      return cells === 1 ? [n] : [Math.floor(n / 2 ** 32), n >>> 0];
    };
    const reg: RangeEncoder = (base, size, { address, size: sizes } = counts, where = 'its root') => [
      ...encode(base, address, where),
      ...encode(size, sizes, where),
    ];
    const reserved = [
      ...reservations.map(({ address, size }) => ({ name: `a reservation of ${name}`, base: address, size })),
      ...reservedRanges(root, name),
    ];
    return {
      reservations,
      reserved,
      patch: (board, isMapped) => {
        const patched = patch(disableAbsent(root, counts, isMapped), board, reg);
        return withReservations(patched, board.reservations, counts, reg);
      },
    };
  } catch (error) {
    if (error instanceof QvmError && error.message.startsWith(name)) throw error;
    throw malformed(error instanceof Error ? error.message : String(error), error);
  }
}

/** Adds what vdevs have reserved of the RAM to `/reserved-memory`, in the cells that this node has. */
function withReservations(
  given: DeviceTreeNode,
  reservations: BoardDescription['reservations'],
  counts: CellCounts,
  reg: RangeEncoder,
): DeviceTreeNode {
  if (reservations.length === 0) return given;
  const present = findNode(given, RESERVED_MEMORY);
  const own = present ? reservedMemoryCells(present) : counts;
  const properties = {
    '#address-cells': { cells: [own.address] },
    '#size-cells': { cells: [own.size] },
    ranges: true as const,
  };
  const root = present ? given : putChild(given, '/', { name: RESERVED_MEMORY.slice(1), properties });
  return reservations.reduce(
    (tree, reservation) =>
      putChild(
        tree,
        RESERVED_MEMORY,
        reservationNode(reservation, reg(reservation.base, reservation.size, own, RESERVED_MEMORY)),
      ),
    root,
  );
}

/** Cells of a range, by the counts of the node that holds it. */
type RangeEncoder = (base: number, size: number, counts?: CellCounts, where?: string) => readonly number[];

function patch(given: DeviceTreeNode, board: BoardDescription, reg: RangeEncoder): DeviceTreeNode {
  let root = removeChildren(given, '/', isMemory);
  for (const { base, size } of board.ram) root = putChild(root, '/', memoryNode(base, reg(base, size)));
  root = putChild(root, '/', patchedCpus(findNode(root, '/cpus'), board));
  root = putChild(root, '/', {
    ...psciNode,
    properties: { ...kept(findNode(root, '/psci'), ['phandle']), ...psciNode.properties },
  });
  if (!findNode(root, '/chosen')) root = putChild(root, '/', { name: 'chosen', properties: {} });
  for (const [name, value] of Object.entries(newChosen(root, board))) root = setProperty(root, '/chosen', name, value);
  return root;
}

function isMemory({ name, properties }: DeviceTreeNode): boolean {
  return name === 'memory' || name.startsWith('memory@') || textsOf(properties['device_type'])?.[0] === 'memory';
}

/**
 * The given `stdout-path` stays if the VM's console has no node in the tree. The initial file system of another boot
 * is removed.
 */
function newChosen(root: DeviceTreeNode, board: BoardDescription): Record<string, DeviceTreeValue | undefined> {
  const known = board.stdoutPath !== undefined && findNode(root, board.stdoutPath.replace(/:.*$/, '')) !== undefined;
  const stdoutPath = known ? board.stdoutPath : undefined;
  return {
    'linux,initrd-start': undefined,
    'linux,initrd-end': undefined,
    ...chosenProperties({ ...board, stdoutPath }),
  };
}

/**
 * The given CPU nodes for which the VM has a vCPU. `cpu-map` is dropped: it may name CPUs that are gone, and it is
 * optional.
 */
function patchedCpus(given: DeviceTreeNode | undefined, { affinities }: BoardDescription): DeviceTreeNode {
  const children = given?.children ?? [];
  const count = (given && cellsOf(given.properties['#address-cells'])?.[0]) === 2 ? 2 : 1;
  const numberOf = (node: DeviceTreeNode): bigint | undefined =>
    cellsOf(node.properties['reg'])?.reduce((number, cell) => (number << 32n) | BigInt(cell), 0n);
  const cpus = affinities.map((affinity) => {
    const own = children.find((child) => isCpu(child) && numberOf(child) === affinity);
    const low = Number(affinity & 0xffff_ffffn);
    const reg = { cells: count === 2 ? [Number(affinity >> 32n), low] : [low] };
    return cpuNode(
      affinity,
      reg,
      kept(
        own,
        Object.keys(own?.properties ?? {}).filter((name) => !OTHER_FIRMWARE.includes(name)),
      ),
    );
  });
  const others = children.filter((child) => !isCpu(child) && !child.name.startsWith('cpu-map'));
  return {
    name: 'cpus',
    properties: { ...given?.properties, '#address-cells': { cells: [count] }, '#size-cells': { cells: [0] } },
    children: [...cpus, ...others],
  };
}

function isCpu({ name }: DeviceTreeNode): boolean {
  return name === 'cpu' || name.startsWith('cpu@');
}

function kept(node: DeviceTreeNode | undefined, names: readonly string[]): Record<string, DeviceTreeValue> {
  return Object.fromEntries(Object.entries(node?.properties ?? {}).filter(([name]) => names.includes(name)));
}

function cellCounts({ properties }: DeviceTreeNode): CellCounts {
  return {
    address: cellsOf(properties['#address-cells'])?.[0] ?? 2,
    size: cellsOf(properties['#size-cells'])?.[0] ?? 1,
  };
}

/**
 * Disables the devices whose first register the VM does not have. Stops below buses whose addresses are not
 * guest-physical.
 */
function disableAbsent(
  node: DeviceTreeNode,
  counts: CellCounts,
  isMapped: (address: number) => boolean,
): DeviceTreeNode {
  const children = node.children?.map((child) => {
    if (isMemory(child) || child.name === 'cpus' || child.name === 'reserved-memory') return child;
    const address = addressOf(child, counts);
    if (address !== undefined && !isMapped(address))
      return { ...child, properties: { ...child.properties, status: 'disabled' } };
    // An empty "ranges" is a bus that translates nothing (§2.3.8).
    return child.properties['ranges'] === true ? disableAbsent(child, cellCounts(child), isMapped) : child;
  });
  return children ? { ...node, children } : node;
}

function addressOf({ properties }: DeviceTreeNode, { address }: CellCounts): number | undefined {
  const reg = cellsOf(properties['reg'])?.slice(0, address);
  if (!reg || reg.length === 0) return undefined;
  return reg.reduce((number, cell) => number * 2 ** 32 + cell, 0);
}
