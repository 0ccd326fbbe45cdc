import type { DeviceTreeValue } from '../devicetree/device-tree.js';

/**
 * A board: what is where in the guest-physical address space of a VM, beside its processors. Plain data, registered by a plugin
 * under `BOARD`. A vdev says what it needs (`VdevResources`), the board of its VM says where that is.
 *
 * @experimental
 */
export interface Board {
  /** The word that a configuration's `board` takes, such as `virt`. */
  readonly name: string;
  readonly description: string;
  /** Name of the architecture whose guests run on it. */
  readonly architecture: string;
  readonly ram: BoardRam;
  /**
   * Where vdevs are, by the type of the vdev (`pl011`) or else by its role (`uart`, see `VdevResources.role`).
   */
  readonly places: Readonly<Record<string, BoardPlace>>;
  /** Vdev types that every VM has, named or not, in order of creation. */
  readonly implicitVdevs: readonly string[];
  /** Vdev type of the console that a VM gets when it names no vdev that is a console; absent: none. */
  readonly defaultConsole?: string;
  /** The numbers of the interrupts that vdevs can have, first and last. */
  readonly interrupts: { readonly first: number; readonly last: number };
  /** Addresses that neither RAM nor vdevs get. */
  readonly reserved?: readonly BoardReservation[];
  readonly deviceTree: BoardDeviceTree;
}

/**
 * Where a board has RAM.
 *
 * @experimental
 */
export interface BoardRam {
  /** Guest-physical address of the first range whose configuration leaves it open, a multiple of 64 KiB. */
  readonly base: number;
}

/**
 * Where a vdev is, or the first of several.
 *
 * @experimental
 */
export interface BoardPlace {
  /** Guest-physical address of the first range of registers; by the names of the ranges where there are several. */
  readonly base?: number | Readonly<Record<string, number>>;
  /** Number of the first interrupt; by the names of the interrupts where there are several. */
  readonly interrupt?: number | Readonly<Record<string, number>>;
  /** There are several, in a row. Absent: one. */
  readonly row?: BoardRow;
}

/**
 * A row of equal places, each with its addresses and its interrupts. A vdev gets the first place of which all that it needs is
 * free; one with a `base` that is a place's gets the interrupts of that place.
 *
 * @experimental
 */
export interface BoardRow {
  /** Number of places. */
  readonly count: number;
  /** Bytes from the addresses of a place to those of the next. */
  readonly addressStride: number;
  /** From the interrupt numbers of a place to those of the next. */
  readonly interruptStride: number;
  /**
   * The board decodes places without a vdev too: 32-bit words by their offset in a place, a multiple of 4 below `addressStride`. All
   * else reads as zero there, and writes have no effect. The place has a single `base` then. Absent: accesses are external aborts.
   */
  readonly empty?: Readonly<Record<number, number>>;
}

/**
 * A range of addresses that a board keeps.
 *
 * @experimental
 */
export interface BoardReservation {
  /** For errors. */
  readonly name: string;
  /** Both in bytes, multiples of 4. */
  readonly base: number;
  readonly size: number;
}

/**
 * What a generated device tree says of a board (Devicetree Specification v0.4, chapter 3).
 *
 * @experimental
 */
export interface BoardDeviceTree {
  /** The root's `compatible`. */
  readonly compatible: DeviceTreeValue;
  /** The root's `model`. */
  readonly model: string;
  /** Fixed clocks, by the label that vdevs give to `DeviceTreeContext.phandle`. */
  readonly clocks: Readonly<Record<string, BoardClock>>;
}

/**
 * A clock of fixed rate.
 *
 * @experimental
 */
export interface BoardClock {
  readonly hertz: number;
  /** The node's `clock-output-names`. */
  readonly output: string;
}
