import { QvmError } from '@qvm/core';
import { cellsOf } from '@qvm/core/architecture';
import type { AddressRange } from '@qvm/core/architecture';
import { PMU_INTID } from '../vcpu/performance-monitor.js';
import type { BoardDeviceTree } from '@qvm/core/board';
import type { RamReservation } from '@qvm/core/services';
import type { DeviceTreeContext, DeviceTreeNode, DeviceTreeValue } from '@qvm/core/vdev';

/**
 * Contents of the device tree beside the nodes of vdevs.
 *
 * @experimental
 */
export interface BoardDescription {
  /** The board's own entries: model, compatible, clocks. */
  readonly facts: BoardDeviceTree;
  readonly ram: readonly AddressRange[];
  /** Parts of the RAM that the guest shares with vdevs. */
  readonly reservations: readonly RamReservation[];
  /** MPIDR_EL1 affinities of the vCPUs. */
  readonly affinities: readonly bigint[];
  readonly commandLine: string;
  readonly initrd: AddressRange | undefined;
  readonly stdoutPath: string | undefined;
  /** Entropy for the guest's random number generator, in 32-bit cells. */
  readonly randomSeed: readonly number[];
}

const SHARED_PERIPHERAL = 0;
const PRIVATE_PERIPHERAL = 1;
const LEVEL_HIGH = 4;
const EDGE_RISING = 1;
/** INTID of the first private peripheral interrupt. */
const FIRST_PPI = 16;
/** INTID of the first shared peripheral interrupt. */
const FIRST_SPI = 32;

/** Two 32-bit cells of a 64-bit number. */
const cells64 = (n: number): readonly number[] => [Math.floor(n / 2 ** 32), n >>> 0];
const cells = (...list: readonly number[]): DeviceTreeValue => ({ cells: list });

/**
 * Hands out phandles and interrupt cells (GICv3 binding) to the nodes of vdevs.
 *
 * @experimental
 */
export class BoardTreeContext implements DeviceTreeContext {
  readonly #phandles = new Map<string, number>();

  interruptCells(number: number, trigger: 'level' | 'edge'): readonly number[] {
    return [SHARED_PERIPHERAL, number - FIRST_SPI, trigger === 'level' ? LEVEL_HIGH : EDGE_RISING];
  }

  reg(base: number, size: number): readonly number[] {
    return [...cells64(base), ...cells64(size)];
  }

  phandle(label: string): number {
    const known = this.#phandles.get(label);
    if (known !== undefined) return known;
    this.#phandles.set(label, 0x8000 + this.#phandles.size);
    return this.phandle(label);
  }

  /** Whether a node has asked for the phandle. */
  has(label: string): boolean {
    return this.#phandles.has(label);
  }

  /**
   * @throws `QvmError` `devicetree.phandle` when nodes refer to one that none of them is.
   */
  check(nodes: readonly DeviceTreeNode[]): void {
    const defined = new Set(nodes.flatMap(phandlesOf));
    const missing = [...this.#phandles].find(([, phandle]) => !defined.has(phandle));
    if (missing === undefined) return;
    throw new QvmError(
      'devicetree.phandle',
      `A vdev refers to the node ${missing[0]} of the device tree, which no vdev and no clock of the board is.`,
    );
  }
}

function phandlesOf({ properties, children = [] }: DeviceTreeNode): readonly number[] {
  return [...(cellsOf(properties['phandle']) ?? []), ...children.flatMap(phandlesOf)];
}

/**
 * Generates the tree of a board (Devicetree Specification v0.4, chapter 3).
 *
 * @throws `QvmError` `devicetree.phandle` when a vdev refers to a node that there is not.
 * @experimental
 */
export function generateTree(
  board: BoardDescription,
  vdevs: (context: DeviceTreeContext) => readonly DeviceTreeNode[],
): DeviceTreeNode {
  const context = new BoardTreeContext();
  const devices = vdevs(context);
  const nodes = [...clockNodes(board.facts, context), ...devices];
  context.check(nodes);
  return {
    name: '',
    properties: {
      compatible: board.facts.compatible,
      model: board.facts.model,
      '#address-cells': cells(2),
      '#size-cells': cells(2),
      ...(context.has('gic') ? { 'interrupt-parent': cells(context.phandle('gic')) } : {}),
    },
    children: [
      psciNode,
      pmuNode,
      cpusNode(board),
      ...board.ram.map(({ base, size }) => memoryNode(base, context.reg(base, size))),
      ...reservedMemoryNodes(board, context),
      ...nodes,
      chosenNode(board),
    ],
  };
}

/** The `psci` node: every VM has this firmware. @experimental */
export const psciNode: DeviceTreeNode = {
  name: 'psci',
  properties: { compatible: ['arm,psci-1.0', 'arm,psci-0.2', 'arm,psci'], method: 'hvc' },
};

/** The performance monitors of the vCPUs (binding `arm,armv8-pmuv3`), with their private interrupt. */
const pmuNode: DeviceTreeNode = {
  name: 'pmu',
  properties: {
    compatible: 'arm,armv8-pmuv3',
    interrupts: cells(PRIVATE_PERIPHERAL, PMU_INTID - FIRST_PPI, LEVEL_HIGH),
  },
};

function cpusNode({ affinities }: BoardDescription): DeviceTreeNode {
  return {
    name: 'cpus',
    properties: { '#address-cells': cells(1), '#size-cells': cells(0) },
    children: affinities.map((affinity) => cpuNode(affinity, cells(Number(affinity)))),
  };
}

/** The node of a CPU that PSCI starts. @experimental */
export function cpuNode(
  affinity: bigint,
  reg: DeviceTreeValue,
  given: DeviceTreeNode['properties'] = {},
): DeviceTreeNode {
  const properties = { compatible: 'arm,armv8', ...given, device_type: 'cpu', reg, 'enable-method': 'psci' };
  return { name: `cpu@${affinity.toString(16)}`, properties };
}

/** The node of a range of RAM. The caller encodes `reg` with the root's cell counts. @experimental */
export function memoryNode(base: number, reg: readonly number[]): DeviceTreeNode {
  return { name: `memory@${base.toString(16)}`, properties: { device_type: 'memory', reg: { cells: reg } } };
}

/** Nodes for RAM that the guest's kernel neither allocates nor maps, so that drivers can map it themselves (§3.5.4). */
function reservedMemoryNodes(
  { reservations }: BoardDescription,
  context: DeviceTreeContext,
): readonly DeviceTreeNode[] {
  if (reservations.length === 0) return [];
  const children = reservations.map((reservation) =>
    reservationNode(reservation, context.reg(reservation.base, reservation.size)),
  );
  const properties = { '#address-cells': cells(2), '#size-cells': cells(2), ranges: true as const };
  return [{ name: 'reserved-memory', properties, children }];
}

/** RAM that a vdev shares with the guest; `reg` has the form that `/reserved-memory` asks for. @experimental */
export function reservationNode({ name, base }: RamReservation, reg: readonly number[]): DeviceTreeNode {
  return { name: `${name}@${base.toString(16)}`, properties: { reg: { cells: reg }, 'no-map': true } };
}

/** The nodes that vdevs may refer to on any board (`DeviceTreeContext.phandle`). */
const COMMON_CLOCKS: NonNullable<BoardDeviceTree['clocks']> = {
  'apb-pclk': { hertz: 24_000_000, output: 'clk24mhz' },
};

/** Nodes of the clocks that vdevs refer to. */
function clockNodes({ clocks }: BoardDeviceTree, context: BoardTreeContext): readonly DeviceTreeNode[] {
  const used = Object.entries({ ...COMMON_CLOCKS, ...clocks }).filter(([label]) => context.has(label));
  return used.map(([label, { hertz, output }]) => ({
    name: label,
    properties: {
      compatible: 'fixed-clock',
      '#clock-cells': cells(0),
      'clock-frequency': cells(hertz),
      'clock-output-names': output,
      phandle: cells(context.phandle(label)),
    },
  }));
}

function chosenNode(board: BoardDescription): DeviceTreeNode {
  return { name: 'chosen', properties: chosenProperties(board) };
}

/**
 * Properties of `/chosen` (Devicetree Specification v0.4 §3.6; Linux bindings for the initial file system).
 *
 * @experimental
 */
export function chosenProperties({
  commandLine,
  initrd,
  stdoutPath,
  randomSeed,
}: BoardDescription): Record<string, DeviceTreeValue> {
  return {
    ...(commandLine === '' ? {} : { bootargs: commandLine }),
    ...(stdoutPath === undefined ? {} : { 'stdout-path': stdoutPath }),
    // Without a seed, Linux has to gather entropy from timing jitter, at every system call.
    'rng-seed': { cells: randomSeed },
    ...(initrd && {
      'linux,initrd-start': { cells: cells64(initrd.base) },
      'linux,initrd-end': { cells: cells64(initrd.base + initrd.size) },
    }),
  };
}
