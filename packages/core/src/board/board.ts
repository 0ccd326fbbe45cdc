import type { DeviceTreeValue } from '../devicetree/device-tree.js';

/**
 * A board: the layout of a VM's guest-physical address space, besides its processors. Plain data, which a plugin
 * registers under
 * `BOARD`. A vdev declares its needs (`VdevResources`); the board of its VM has the addresses and interrupts.
 *
 * @experimental
 */
export interface Board {
  /** The name in a configuration's `board`, such as `virt`. */
  readonly name: string;
  /** One line for listings. */
  readonly description: string;
  /** Name of the architecture whose guests run on it. */
  readonly architecture: string;
  /** Where RAM is. */
  readonly ram: BoardRam;
  /** Places of vdevs, by vdev type (`pl011`) or else by role (`uart`, see `VdevResources.role`). */
  readonly places: Readonly<Record<string, BoardPlace>>;
  /** Vdev types that every VM has, whether named or not, in order of creation. */
  readonly implicitVdevs: readonly string[];
  /** Vdev type of the console that a VM gets when its configuration names no console; absent: none. */
  readonly defaultConsole?: string;
  /** The processors of its guests have I/O ports, an address space of their own (x86). Absent: they have none. */
  readonly ioPorts?: true;
  /** Parts of machines whose image is firmware, which finds out itself what the machine has. Absent: there are none. */
  readonly firmware?: BoardFirmware;
  /** First and last number of the interrupts that vdevs can have. */
  readonly interrupts: {
    /** The lowest number. */
    readonly first: number;
    /** The highest number. */
    readonly last: number;
    /** Those that one vdev alone can have, because their inputs see edges. Absent: all can be shared. */
    readonly exclusive?: {
      /** The lowest number. */
      readonly first: number;
      /** The highest number. */
      readonly last: number;
    };
  };
  /** Addresses that are given to neither RAM nor vdevs. */
  readonly reserved?: readonly BoardReservation[];
  /** Properties of the board itself in the device tree. */
  readonly deviceTree: BoardDeviceTree;
}

/**
 * The location of RAM on a board.
 *
 * @experimental
 */
export interface BoardRam {
  /** Guest-physical address of the first range if its configuration gives none, a multiple of 64 KiB. */
  readonly base: number;
  /** Ranges that RAM without an address in its configuration is split around. Absent: none. */
  readonly holes?: readonly BoardHole[];
}

/**
 * A range of addresses that RAM leaves out.
 *
 * @experimental
 */
export interface BoardHole {
  /** First guest-physical address, a multiple of 64 KiB. */
  readonly base: number;
  /** Size in bytes, a multiple of 64 KiB. */
  readonly size: number;
  /**
   * The RAM at these addresses is lost: below the same size of RAM, all other addresses stay as they are (the hole below
   * 1 MiB on a PC). Absent: the RAM goes on above the hole.
   */
  readonly shadow?: true;
}

/**
 * The parts that a machine has besides its configuration when its image is firmware.
 *
 * @experimental
 */
export interface BoardFirmware {
  /** Guest-physical address of the first byte after the ROM, which has the size of the image. */
  readonly end: number;
  /** RAM that the firmware finds already: ranges of whole pages of 64 KiB, which may be in a hole that hides RAM. */
  readonly ram: readonly BoardWindow[];
  /** Vdev types that there are besides {@link Board.implicitVdevs}, after those. */
  readonly vdevs: readonly string[];
}

/**
 * The place of a vdev, or the first of a row of places.
 *
 * @experimental
 */
export interface BoardPlace {
  /** Guest-physical address of the registers; for several ranges, an address for each range name. */
  readonly base?: number | Readonly<Record<string, number>>;
  /** First I/O port; for several ranges of ports, the first port for each range name. */
  readonly port?: number | Readonly<Record<string, number>>;
  /** Number of the interrupt; for several interrupts, a number for each interrupt name. */
  readonly interrupt?: number | Readonly<Record<string, number>>;
  /** Ranges of addresses for the windows of the vdev, by name, such as those to the devices of a bus. */
  readonly windows?: Readonly<Record<string, BoardWindow>>;
  /** Makes this a row of several places. Absent: one place. */
  readonly row?: BoardRow;
}

/**
 * A range of addresses in which a vdev maps registers at run time.
 *
 * @experimental
 */
export interface BoardWindow {
  /** First guest-physical address, a multiple of 4 KiB. */
  readonly base: number;
  /** Size in bytes, a multiple of 4 KiB. */
  readonly size: number;
}

/**
 * A row of equal places, each with its addresses and interrupts. A vdev gets the first place whose resources are all
 * free; a vdev with a `base` that is the address of a place gets the interrupts of that place.
 *
 * @experimental
 */
export interface BoardRow {
  /** Number of places. */
  readonly count: number;
  /** Distance between the addresses of adjacent places in bytes. */
  readonly addressStride: number;
  /** Distance between the first ports of adjacent places, which may be negative. Absent: 0. */
  readonly portStride?: number;
  /** Distance between the interrupt numbers of adjacent places, which may be negative. */
  readonly interruptStride: number;
  /**
   * The board decodes places without a vdev too: 32-bit words by their offset in a place, a multiple of 4 below
   * `addressStride`. All else reads as zero there, and writes have no effect. The place has a single `base` then.
   * Absent: accesses are external aborts.
   */
  readonly empty?: Readonly<Record<number, number>>;
}

/**
 * A range of addresses that a board reserves.
 *
 * @experimental
 */
export interface BoardReservation {
  /** Name for error messages. */
  readonly name: string;
  /** First guest-physical address, a multiple of 4. */
  readonly base: number;
  /** Size in bytes, a multiple of 4. */
  readonly size: number;
}

/**
 * The board's entries in a generated device tree (Devicetree Specification v0.4, chapter 3).
 *
 * @experimental
 */
export interface BoardDeviceTree {
  /** The root's `compatible`. */
  readonly compatible: DeviceTreeValue;
  /** The root's `model`. */
  readonly model: string;
  /**
   * Fixed clocks, by the label that vdevs give to `DeviceTreeContext.phandle`; each is in the tree when one refers to it. A board has
   * the `apb-pclk` of 24 MHz that vdevs may rely on, whether it says so or not.
   */
  readonly clocks?: Readonly<Record<string, BoardClock>>;
}

/**
 * A fixed-rate clock.
 *
 * @experimental
 */
export interface BoardClock {
  /** Frequency in hertz. */
  readonly hertz: number;
  /** The node's `clock-output-names`. */
  readonly output: string;
}
