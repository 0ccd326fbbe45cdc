import { addPciFunction, PCI_BUS, formatPciAddress, type PciAddress, type PciFunction } from '@qvm/pci';
import type { Json } from '@qvm/core';
import type { InterruptLine, MmioHandler, VdevContext } from '@qvm/core/vdev';

/** Identity of guest shared memory as QNX guests know it: vendor and device. */
const VENDOR_ID = 0x1c05;
const DEVICE_ID = 0x0001;
/** Memory of no other kind (PCI Code and ID Assignment, class 05h). */
const MEMORY_CLASS = 0x05_80_00;
/** The base address register of the page of registers. */
const REGISTERS_BAR = 0;

/** How a guest reaches the page of registers of a `shmem`, and how it is interrupted. */
export interface GuestPort {
  /** The handlers of registers at a fixed place, by the names of the vdev's requests. */
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  /** Guest-physical address of a page of registers at a fixed place; `undefined` for one that moves (a BAR). */
  readonly base: number | undefined;
  /** Number of the interrupt at the guest's interrupt controller. */
  readonly interrupt: number;
  /** Sets the level of the interrupt. */
  setInterrupt(level: boolean): void;
  /** Resets what the port has beside the registers. */
  reset(): void;
  /** The members of a saved state that belong to the port. */
  save(): Readonly<Record<string, Json>>;
  /** Names of the members that {@link GuestPort.save} makes. */
  readonly members: readonly string[];
  /**
   * Checks saved members, and changes nothing.
   *
   * @returns a function that restores them.
   * @throws VdevStateError
   */
  decode(state: Readonly<Record<string, unknown>>): () => void;
  /** State for people. */
  status(): Readonly<Record<string, Json>>;
}

/** Registers at an address of the board or the configuration, with an interrupt line of their own. */
class FixedPort implements GuestPort {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly base: number | undefined;
  readonly members = [];
  readonly #line: InterruptLine;

  constructor(context: VdevContext, range: string, handler: MmioHandler) {
    this.mmio = { [range]: handler };
    this.base = context.mmioBase[range];
    this.#line = context.interrupt('doorbell');
  }

  get interrupt(): number {
    return this.#line.number;
  }

  setInterrupt(level: boolean): void {
    this.#line.set(level);
  }

  reset(): void {}

  save(): Readonly<Record<string, Json>> {
    return {};
  }

  decode(): () => void {
    return () => undefined;
  }

  status(): Readonly<Record<string, Json>> {
    return {};
  }
}

/** A PCI function: the registers are its BAR 0, the interrupt is INTA#. */
class PciPort implements GuestPort {
  readonly mmio = {};
  readonly base = undefined;
  readonly members = ['function'];
  readonly #fn: PciFunction;
  readonly #address: string;

  constructor(context: VdevContext, handler: MmioHandler, size: number, place: PciAddress | undefined) {
    const bars = [{ index: REGISTERS_BAR, kind: 'memory32', size, handler }] as const;
    const identity = { vendorId: VENDOR_ID, deviceId: DEVICE_ID, classCode: MEMORY_CLASS, interruptPin: 1 } as const;
    this.#fn = addPciFunction(context, { ...identity, bars }, place);
    const address = context.attachment(PCI_BUS).addressOf(this.#fn);
    this.#address = address === undefined ? '' : formatPciAddress(address);
  }

  get interrupt(): number {
    return this.#fn.interruptLine;
  }

  setInterrupt(level: boolean): void {
    this.#fn.setPin(level);
  }

  reset(): void {
    this.#fn.reset();
  }

  save(): Readonly<Record<string, Json>> {
    return { function: this.#fn.save() };
  }

  decode(state: Readonly<Record<string, unknown>>): () => void {
    return this.#fn.decode(state['function']);
  }

  status(): Readonly<Record<string, Json>> {
    return { pci: this.#address };
  }
}

/** The page of registers of a `shmem`. */
export interface RegisterPage {
  /** Name of the range. */
  readonly range: string;
  /** Size in bytes, a power of two of at least 4096. */
  readonly size: number;
  readonly handler: MmioHandler;
}

/**
 * Connects the page of registers to the guest: at its place if the VM has given it one, else as a PCI function.
 *
 * @param place - on the bus; absent: the first free one.
 * @throws QvmError as `addPciFunction`.
 */
export function connectRegisters(
  context: VdevContext,
  { range, size, handler }: RegisterPage,
  place: PciAddress | undefined,
): GuestPort {
  return context.mmioBase[range] === undefined
    ? new PciPort(context, handler, size, place)
    : new FixedPort(context, range, handler);
}
