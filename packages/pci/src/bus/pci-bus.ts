import { QvmError } from '@qvm/core';
import type { Json } from '@qvm/core';
import type { AccessWidth, InterruptLine } from '@qvm/core/vdev';
import { CONFIG_SPACE_BYTES } from '../config-space/config-space.js';
import { HEADER_MULTIFUNCTION, HEADER_TYPE } from '../config-space/registers.js';
import type { BaseAddress } from '../function/base-address.js';
import type { InterruptPin, PciFunctionSpec } from '../function/function-spec.js';
import { PciFunction, UNKNOWN_LINE, type FunctionPort, type FunctionSetup } from '../function/pci-function.js';
import type { MessageSink } from '../messages/message-sink.js';
import { AddressDecoder, type PciWindow } from './address-decoder.js';
import { DEVICES, formatPciAddress, FUNCTIONS, type PciAddress } from './address.js';
import { BarAllocator } from './bar-allocator.js';

/**
 * The host bridge, from the view of its bus.
 *
 * @experimental
 */
export interface PciBusOptions {
  /** Windows of memory below 4 GiB. */
  readonly memory32: PciWindow;
  /** A window of memory above 4 GiB. Absent: there is none. */
  readonly memory64?: PciWindow;
  /** The range of I/O ports. Absent: no function can have ports. */
  readonly io?: PciWindow;
  /** Makes a source of message interrupts. Absent: nothing takes messages, so that functions have no MSI and MSI-X. */
  readonly messages?: (owner: string) => MessageSink;
  /**
   * Connects the pin of a function to its input at the interrupt controller. Several functions may have the same one,
   * whose level is the OR of theirs.
   */
  connectPin(line: number, owner: string): InterruptLine;
  /** Whether BARs have addresses after reset, as firmware would assign. Default `true`. */
  readonly assign?: boolean;
}

interface Entry {
  readonly address: PciAddress;
  readonly owner: string;
  readonly fn: PciFunction;
}

/** Number of inputs that the pins of all devices share. */
const LINES = 4;
const NO_MESSAGES: MessageSink = { message: () => undefined };

/**
 * The line that a pin is connected to: those of neighbouring devices rotate (PCI-to-PCI Bridge 1.2, section 9.1).
 *
 * @returns 0 to 3.
 * @experimental
 */
export function swizzle(slot: number, pin: InterruptPin): number {
  return (slot + pin - 1) % LINES;
}

/**
 * A root bus with up to 32 devices of up to eight functions.
 *
 * @experimental
 */
export class PciBus {
  readonly #options: PciBusOptions;
  readonly #entries = new Map<number, Entry>();
  readonly #decoders: readonly (readonly [kind: 'memory' | 'io', AddressDecoder])[];
  readonly #allocators: Readonly<Record<'memory32' | 'memory64' | 'io', BarAllocator>>;

  constructor(options: PciBusOptions) {
    this.#options = options;
    const { memory32, memory64, io } = options;
    this.#decoders = [
      ['memory', new AddressDecoder(memory32)],
      ...(memory64 === undefined ? [] : [['memory', new AddressDecoder(memory64)] as const]),
      ...(io === undefined ? [] : [['io', new AddressDecoder(io)] as const]),
    ];
    const low = new BarAllocator([memory32]);
    this.#allocators = {
      memory32: low,
      memory64: memory64 === undefined ? low : new BarAllocator([memory64]),
      io: new BarAllocator(io === undefined ? [] : [io]),
    };
  }

  /**
   * Adds a function.
   *
   * @param owner - name of the vdev, for errors and listings.
   * @param place - absent: function 0 of the first free device.
   * @throws `QvmError` `pci.slot` when the place is taken, does not exist, or is not function 0 of a device without one;
   * `pci.window-full` when BARs do not fit.
   */
  add(owner: string, spec: PciFunctionSpec, place?: PciAddress): PciFunction {
    const address = place ?? this.#freeDevice(owner);
    this.#checkPlace(owner, address);
    const sends = spec.msi !== undefined || spec.msix !== undefined;
    const messages = sends ? this.#options.messages?.(owner) : undefined;
    const line = spec.interruptPin === undefined ? undefined : swizzle(address.slot, spec.interruptPin);
    const pin = line === undefined ? undefined : this.#options.connectPin(line, owner);
    const port: FunctionPort = {
      messages: messages ?? NO_MESSAGES,
      setPin: (level) => pin?.set(level),
      decodingChanged: () => this.#decode(),
    };
    const setUp = (bars: readonly BaseAddress[]): FunctionSetup => this.#setUp(bars, owner, pin);
    const { msi: _msi, msix: _msix, ...withoutMessages } = spec;
    const fn = new PciFunction(
      messages === undefined ? withoutMessages : spec,
      port,
      this.#options.assign === false ? undefined : setUp,
    );
    this.#entries.set(indexOf(address), { address, owner, fn });
    if (address.fn !== 0) this.#functionZero(address.slot)?.fn.config.define(MULTIFUNCTION);
    this.#decode();
    return fn;
  }

  /** The function at a place, if there is one. */
  functionAt(address: PciAddress): PciFunction | undefined {
    return this.#entries.get(indexOf(address))?.fn;
  }

  /** The place of a function. */
  addressOf(fn: PciFunction): PciAddress | undefined {
    return [...this.#entries.values()].find((entry) => entry.fn === fn)?.address;
  }

  /**
   * Reads a configuration space for software: ones where there is no function.
   *
   * @param index - device × 8 + function, 0 to 255.
   * @param offset - 0 to 4095.
   */
  read(index: number, offset: number, width: AccessWidth): number {
    const entry = this.#entries.get(index);
    return entry === undefined || offset >= CONFIG_SPACE_BYTES
      ? 2 ** (8 * width) - 1
      : entry.fn.config.read(offset, width);
  }

  /** Writes to a configuration space for software; without effect where there is no function. */
  write(index: number, offset: number, width: AccessWidth, value: number): void {
    if (offset < CONFIG_SPACE_BYTES) this.#entries.get(index)?.fn.config.write(offset, width, value);
  }

  /** Unmaps everything. */
  dispose(): void {
    for (const [, decoder] of this.#decoders) decoder.update([]);
  }

  /** The functions, in the order of their addresses, as `lspci` lists them. */
  status(): readonly Json[] {
    return this.#ordered().map(({ address, owner, fn }) => ({
      address: formatPciAddress(address),
      vdev: owner,
      id: `${hexadecimal(fn.spec.vendorId, 4)}:${hexadecimal(fn.spec.deviceId, 4)}`,
      class: hexadecimal(fn.spec.classCode, 6),
      ...fn.status(),
    }));
  }

  #setUp(bars: readonly BaseAddress[], owner: string, pin: InterruptLine | undefined): FunctionSetup {
    const addresses = bars.map(
      (bar) => [bar.spec.index, this.#allocators[bar.spec.kind].allocate(bar, owner)] as const,
    );
    const number = pin?.number ?? UNKNOWN_LINE;
    return { addresses: new Map(addresses), interruptLine: number < UNKNOWN_LINE ? number : UNKNOWN_LINE };
  }

  #decode(): void {
    const decoded = this.#ordered().flatMap(({ fn, owner }) => fn.decoded().map((range) => ({ ...range, owner })));
    for (const [kind, decoder] of this.#decoders) {
      decoder.update(decoded.filter(({ bar }) => (bar.spec.kind === 'io') === (kind === 'io')));
    }
  }

  #ordered(): readonly Entry[] {
    return [...this.#entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
  }

  #functionZero(slot: number): Entry | undefined {
    return this.#entries.get(indexOf({ slot, fn: 0 }));
  }

  #freeDevice(owner: string): PciAddress {
    for (let slot = 0; slot < DEVICES; slot++) {
      if (this.#functionZero(slot) === undefined) return { slot, fn: 0 };
    }
    throw new QvmError('pci.slot', `All ${DEVICES} devices of the PCI bus are taken; ${owner} has no place.`);
  }

  #checkPlace(owner: string, address: PciAddress): void {
    const { slot, fn } = address;
    const exists =
      [slot, fn].every((value) => Number.isInteger(value) && value >= 0) && slot < DEVICES && fn < FUNCTIONS;
    if (!exists) throw new QvmError('pci.slot', `A PCI bus has no place ${slot}.${fn} for ${owner}.`);
    const other = this.#entries.get(indexOf(address));
    if (other !== undefined) {
      throw new QvmError(
        'pci.slot',
        `The PCI address ${formatPciAddress(address)} for ${owner} belongs to ${other.owner}.`,
      );
    }
    // Systems look at function 0 to find out whether there is a device (PCI Local Bus 3.0, section 3.2.2.3.4).
    if (fn !== 0 && this.#functionZero(slot) === undefined) {
      throw new QvmError(
        'pci.slot',
        `${owner} cannot be the PCI function ${formatPciAddress(address)}: function 0 of that device must be made first.`,
      );
    }
  }
}

const MULTIFUNCTION = { offset: HEADER_TYPE, width: 1, value: HEADER_MULTIFUNCTION } as const;

const indexOf = ({ slot, fn }: PciAddress): number => slot * FUNCTIONS + fn;

const hexadecimal = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
