/*
 * A video adapter: a VGA at its ports and its window below 1 MiB, on machines with I/O ports, and a linear frame buffer with the display
 * interface of Bochs, as QEMU's `-vga std` has them; a PCI function that Linux' driver `bochs` knows.
 */
import { requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
import { addPciFunction, formatPciAddress, PCI_BUS, type PciAddress, type PciFunction } from '@qvm/pci';
import type { Json } from '@qvm/core';
import { BOOT_SCREEN, type BootScreen, type Display, type DisplayImage } from '@qvm/core/services';
import { BytePorts } from '@qvm/core/vdev';
import type {
  AccessWidth,
  DeviceMemory,
  MemoryWindow,
  MmioHandler,
  PortHandler,
  Vdev,
  VdevContext,
  VdevState,
} from '@qvm/core/vdev';
import { DispiRegisters } from './dispi.js';
import { graphicsPicture } from './graphics-picture.js';
import { linearPicture } from './linear-picture.js';
import { decodePages, savePages } from './memory-pages.js';
import { VgaPlanes, WINDOW_BYTES } from './planes.js';
import { VGA_PORT, VgaRegisters } from './registers.js';
import { CHARACTER_HEIGHT, TEXT_COLUMNS, TEXT_ROWS } from './text-mode.js';
import { screenText, textPicture, textShape } from './text-picture.js';

const STATE_VERSION = 1;
/** Names of resources. */
export const FRAME_BUFFER = 'frame-buffer';
export const VGA_RANGE = 'vga';
export const DISPI_RANGE = 'dispi';
export const WINDOW = 'window';
/** Number of ports of the display interface: an index, and data at either of the next two. */
export const DISPI_PORTS = 3;

/** Identity of the adapter, as drivers know it. */
const VENDOR_ID = 0x1234;
const DEVICE_ID = 0x1111;
const REVISION = 2;
const VGA_CLASS = 0x03_00_00;
const OTHER_DISPLAY_CLASS = 0x03_80_00;
const REGISTERS_BAR_BYTES = 0x1000;
/** Offsets in BAR 2 (QEMU, docs/specs/standard-vga.rst). */
const BAR_VGA = 0x400;
const BAR_VGA_END = 0x420;
const BAR_DISPI = 0x500;
const BAR_DISPI_END = 0x516;
/** The first port of the VGA that BAR 2 has. */
const BAR_VGA_PORT = 0x3c0;

/** Where an adapter is on the bus. */
export interface VgaOptions {
  readonly pci: PciAddress | undefined;
}

/** @internal */
export class Vga implements Vdev, Display {
  readonly ports: Readonly<Record<string, PortHandler>>;
  readonly #memory: DeviceMemory;
  readonly #dispi: DispiRegisters;
  readonly #registers = new VgaRegisters();
  readonly #planes = new VgaPlanes(() => this.#registers.state);
  readonly #window: MemoryWindow | undefined;
  readonly #fn: PciFunction;
  readonly #address: string;
  #dispiIndex = 0;

  /** @throws QvmError as {@link addPciFunction}. */
  constructor(context: VdevContext, { pci }: VgaOptions) {
    this.#memory = context.ownMemory(FRAME_BUFFER);
    this.#dispi = new DispiRegisters(this.#memory.bytes);
    const isVga = context.portBase[VGA_RANGE] !== undefined;
    const bars = [
      { index: 0, kind: 'memory32', size: this.#memory.bytes.length, prefetchable: true, memory: this.#memory },
      { index: 2, kind: 'memory32', size: REGISTERS_BAR_BYTES, handler: this.#barRegisters() },
    ] as const;
    const classCode = isVga ? VGA_CLASS : OTHER_DISPLAY_CLASS;
    const identity = { vendorId: VENDOR_ID, deviceId: DEVICE_ID, revision: REVISION, classCode };
    this.#fn = addPciFunction(context, { ...identity, bars }, pci);
    const address = context.attachment(PCI_BUS).addressOf(this.#fn);
    this.#address = address === undefined ? '' : formatPciAddress(address);
    this.ports = isVga ? { [VGA_RANGE]: new BytePorts(this.#registers), [DISPI_RANGE]: this.#dispiPorts() } : {};
    this.#window = isVga ? context.window(WINDOW) : undefined;
    this.#window?.mapRegisters(0, WINDOW_BYTES, this.#planes);
    if (isVga) context.offer(BOOT_SCREEN, TEXT_SCREEN);
  }

  capture(): DisplayImage | undefined {
    const { state } = this.#registers;
    const linear = this.#dispi.mode;
    if (linear !== undefined) return linearPicture(this.#memory.bytes, linear, state.palette);
    if (this.#window === undefined) return undefined;
    const shape = textShape(state);
    if (shape === undefined) return graphicsPicture(this.#planes.bytes, state);
    return textPicture(this.#planes.bytes, shape, state);
  }

  reset(): void {
    this.#fn.reset();
    this.#registers.reset();
    this.#dispi.reset();
    this.#planes.reset();
    this.#memory.bytes.fill(0);
    this.#dispiIndex = 0;
  }

  save(): VdevState {
    const state = {
      function: this.#fn.save(),
      registers: this.#registers.save(),
      dispi: this.#dispi.save(),
      dispiIndex: this.#dispiIndex,
      latch: this.#planes.latch,
      planes: savePages(this.#planes.bytes),
      memory: savePages(this.#memory.bytes),
    };
    return { version: STATE_VERSION, state };
  }

  restore(saved: VdevState): void {
    requireVersion(saved, STATE_VERSION);
    const members = ['function', 'registers', 'dispi', 'dispiIndex', 'latch', 'planes', 'memory'] as const;
    const state = requireObject(saved.state, members, 'vga state');
    const loads = [
      this.#fn.decode(state.function),
      this.#registers.decode(state.registers),
      this.#dispi.decode(state.dispi),
      decodePages(state.planes, this.#planes.bytes, 'planes'),
      decodePages(state.memory, this.#memory.bytes, 'memory'),
    ];
    const index = requireUnsigned(state.dispiIndex, 0xffff, 'dispiIndex');
    const latch = requireUnsigned(state.latch, 0xffff_ffff, 'latch');
    for (const load of loads) load();
    this.#dispiIndex = index;
    this.#planes.latch = latch;
  }

  status(): Readonly<Record<string, Json>> {
    const linear = this.#dispi.mode;
    if (linear !== undefined) return { pci: this.#address, mode: 'linear', ...linear };
    const shape = this.#text;
    if (shape === undefined) return { pci: this.#address, mode: 'graphics' };
    const { columns, rows } = shape;
    return { pci: this.#address, mode: 'text', columns, rows, text: screenText(this.#planes.bytes, shape) };
  }

  dispose(): void {
    this.#window?.clear();
  }

  /** The text screen; absent on machines without a VGA. */
  get #text(): ReturnType<typeof textShape> {
    return this.#window === undefined ? undefined : textShape(this.#registers.state);
  }

  #dispiPorts(): PortHandler {
    return {
      read: (offset, width) => {
        if (width !== 2) return 2 ** (8 * width) - 1;
        return offset === 0 ? this.#dispiIndex : this.#dispi.read(this.#dispiIndex);
      },
      write: (offset, width, value) => {
        if (width !== 2) return;
        if (offset === 0) this.#dispiIndex = value;
        else this.#dispi.write(this.#dispiIndex, value);
      },
    };
  }

  /** BAR 2: the ports of the VGA from 3C0h on, and the registers of the display interface as words. */
  #barRegisters(): MmioHandler {
    const vga = new BytePorts(this.#registers);
    const first = BAR_VGA_PORT - VGA_PORT - BAR_VGA;
    const isVga = (offset: number, width: AccessWidth): boolean => offset >= BAR_VGA && offset + width <= BAR_VGA_END;
    const dispi = (offset: number, width: AccessWidth): number | undefined =>
      width === 2 && offset >= BAR_DISPI && offset < BAR_DISPI_END && offset % 2 === 0
        ? (offset - BAR_DISPI) / 2
        : undefined;
    return {
      read: (offset, width) => {
        const register = dispi(offset, width);
        if (register !== undefined) return this.#dispi.read(register);
        return isVga(offset, width) ? vga.read(first + offset, width) : 0;
      },
      write: (offset, width, value) => {
        const register = dispi(offset, width);
        if (register !== undefined) this.#dispi.write(register, value);
        else if (isVga(offset, width)) vga.write(first + offset, width, value);
      },
    };
  }
}

/** The screen that a guest without firmware finds. */
const TEXT_SCREEN: BootScreen = {
  kind: 'text',
  columns: TEXT_COLUMNS,
  rows: TEXT_ROWS,
  characterHeight: CHARACTER_HEIGHT,
};
