import { requireBoolean, requireObject } from '@qvm/core/vdev';
import type { AccessWidth } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import { ConfigSpace } from '../config-space/config-space.js';
import {
  BASE_ADDRESS,
  BASE_ADDRESS_REGISTERS,
  COMMAND,
  COMMAND_BUS_MASTER,
  COMMAND_INTX_DISABLE,
  COMMAND_IO,
  COMMAND_MEMORY,
  INTERRUPT_LINE,
  STATUS,
  STATUS_INTERRUPT,
} from '../config-space/registers.js';
import type { MessageSender, MessageSink } from '../messages/message-sink.js';
import { Msi } from '../messages/msi.js';
import { Msix } from '../messages/msix.js';
import { BaseAddress } from './base-address.js';
import { CapabilityList, ExtendedCapabilityList } from './capabilities.js';
import { expressCapability } from './express.js';
import type { PciFunctionSpec } from './function-spec.js';
import { defineHeader } from './header.js';

/** Value of INTERRUPT_LINE without a meaning (PCI Local Bus 3.0, section 6.2.4). */
export const UNKNOWN_LINE = 0xff;

/** The bus, from the view of a function. */
export interface FunctionPort {
  /** Takes message interrupts. */
  readonly messages: MessageSink;
  /** Drives the interrupt pin. */
  setPin(level: boolean): void;
  /** The addresses that the function decodes may have changed. */
  decodingChanged(): void;
}

/** The set-up by the platform at reset, as firmware does it. */
export interface FunctionSetup {
  /** Address of each BAR, by its index. */
  readonly addresses: ReadonlyMap<number, number>;
  /** Value of the register INTERRUPT_LINE. */
  readonly interruptLine: number;
}

/** A range of addresses that a function decodes. */
export interface DecodedRange {
  readonly bar: BaseAddress;
  readonly base: number;
}

/**
 * One function of a device: its configuration space and its interrupts. {@link PciBus.add} makes it.
 *
 * @experimental
 */
export class PciFunction {
  /** Its description. */
  readonly spec: PciFunctionSpec;
  /** Its configuration space. */
  readonly config: ConfigSpace;
  /** Its MSI interrupts, if it has any. */
  readonly msi: Msi | undefined;
  /** Its MSI-X interrupts, if it has any. */
  readonly msix: Msix | undefined;
  /** @internal */
  readonly bars: readonly BaseAddress[];
  readonly #port: FunctionPort;
  readonly #setup: FunctionSetup | undefined;
  /** Level that the device drives, before it is disabled by registers. */
  #pin = false;
  #busMaster = false;

  /**
   * @internal
   * @param setUp - decides on the addresses of the BARs after reset; absent: BARs are 0, and nothing is decoded.
   */
  constructor(spec: PciFunctionSpec, port: FunctionPort, setUp?: (bars: readonly BaseAddress[]) => FunctionSetup) {
    this.spec = spec;
    this.#port = port;
    this.config = new ConfigSpace((offset, width) => this.#written(offset, width));
    defineHeader(this.config, spec);
    this.bars = (spec.bars ?? []).map((bar) => new BaseAddress(bar, this.config));
    const capabilities = new CapabilityList(this.config);
    const sender = this.#sender();
    this.msix = spec.msix && new Msix(spec.msix, this.config, capabilities, sender);
    this.msi = spec.msi && new Msi(spec.msi, this.config, capabilities, sender);
    for (const capability of spec.capabilities ?? []) capabilities.add(capability);
    if (spec.express !== false) capabilities.add(expressCapability());
    const extended = new ExtendedCapabilityList(this.config);
    for (const { id, version, bytes } of spec.extended ?? []) extended.add(id, version, bytes);
    this.#setup = setUp?.(this.bars);
    this.#applySetup();
  }

  /** Whether software lets the function access memory: DMA and messages. */
  get busMaster(): boolean {
    return this.#busMaster;
  }

  /** Whether the function interrupts by messages, so that its pin is unused. */
  get usesMessages(): boolean {
    return this.msix?.enabled === true || this.msi?.enabled === true;
  }

  /** Number of the interrupt that the pin leads to, as the platform tells software; 255: it does not. */
  get interruptLine(): number {
    return this.#setup?.interruptLine ?? UNKNOWN_LINE;
  }

  /** Drives the interrupt pin (INTx), which is level-sensitive. Registers may disable it. */
  setPin(level: boolean): void {
    this.#pin = level;
    this.#updatePin();
  }

  /** The ranges that the function decodes now. */
  decoded(): readonly DecodedRange[] {
    const command = this.#command;
    return this.bars.flatMap((bar) => {
      const enable = bar.spec.kind === 'io' ? COMMAND_IO : COMMAND_MEMORY;
      return (command & enable) === 0 ? [] : [{ bar, base: bar.address }];
    });
  }

  /** Resets to power-on state, with the set-up of the platform. */
  reset(): void {
    this.config.reset();
    this.msi?.reset();
    this.msix?.reset();
    this.#pin = false;
    this.#applySetup();
    this.#changed();
  }

  /** The state of the configuration space and the interrupts. */
  save(): Json {
    return {
      config: this.config.save(),
      pin: this.#pin,
      ...(this.msi === undefined ? {} : { msi: this.msi.save() }),
      ...(this.msix === undefined ? {} : { msix: this.msix.save() }),
    };
  }

  /**
   * Validates what {@link PciFunction.save} gave, and changes nothing.
   *
   * @returns a function that restores it.
   * @throws VdevStateError
   */
  decode(state: unknown): () => void {
    const { msi, msix } = this;
    const members = ['config', 'pin', ...(msi ? ['msi'] : []), ...(msix ? ['msix'] : [])];
    const saved = requireObject(state, members, 'PCI function');
    const loads = [this.config.decode(saved['config']), msi?.decode(saved['msi']), msix?.decode(saved['msix'])];
    const pin = requireBoolean(saved['pin'], 'pin');
    return () => {
      for (const load of loads) load?.();
      this.#pin = pin;
      this.#changed();
    };
  }

  /** The state for people. */
  status(): Readonly<Record<string, Json>> {
    return {
      busMaster: this.busMaster,
      bars: this.bars.map(({ spec, address }) => ({
        index: spec.index,
        kind: spec.kind,
        size: spec.size,
        address,
        decoded: this.decoded().some(({ bar }) => bar.spec === spec),
      })),
      ...(this.spec.interruptPin === undefined ? {} : { pin: this.#pin }),
      ...(this.msi === undefined ? {} : { msi: this.msi.status() }),
      ...(this.msix === undefined ? {} : { msix: this.msix.status() }),
    };
  }

  get #command(): number {
    return this.config.get(COMMAND, 2);
  }

  #sender(): MessageSender {
    const owner = (): PciFunction => this;
    return {
      get busMaster() {
        return owner().busMaster;
      },
      send: (address, data) => this.#port.messages.message(address, data),
    };
  }

  #applySetup(): void {
    if (this.#setup === undefined) return;
    const { addresses, interruptLine } = this.#setup;
    for (const bar of this.bars) bar.address = addresses.get(bar.spec.index) ?? 0;
    const enabled = this.bars.reduce((bits, { spec }) => bits | (spec.kind === 'io' ? COMMAND_IO : COMMAND_MEMORY), 0);
    this.config.set(COMMAND, 2, enabled);
    if (this.spec.interruptPin !== undefined) this.config.set(INTERRUPT_LINE, 1, interruptLine);
  }

  #written(offset: number, width: AccessWidth): void {
    const end = offset + width;
    const touches = (start: number, length: number): boolean => offset < start + length && start < end;
    const command = touches(COMMAND, 2);
    if (command || touches(BASE_ADDRESS, 4 * BASE_ADDRESS_REGISTERS)) this.#port.decodingChanged();
    const messages = this.msix?.isTouched(offset, width) === true || this.msi?.isTouched(offset, width) === true;
    if (command || messages) this.#controlsChanged();
  }

  #changed(): void {
    this.#port.decodingChanged();
    this.#controlsChanged();
  }

  #controlsChanged(): void {
    const busMaster = (this.#command & COMMAND_BUS_MASTER) !== 0;
    const turned = busMaster !== this.#busMaster;
    this.#busMaster = busMaster;
    this.#updatePin();
    this.msi?.flush();
    this.msix?.flush();
    if (turned) this.spec.busMasterChanged?.(busMaster);
  }

  #updatePin(): void {
    this.config.setBits(STATUS, 1, STATUS_INTERRUPT, this.#pin && !this.usesMessages);
    if (this.spec.interruptPin === undefined) return;
    const disabled = (this.#command & COMMAND_INTX_DISABLE) !== 0 || this.usesMessages;
    this.#port.setPin(this.#pin && !disabled);
  }
}
