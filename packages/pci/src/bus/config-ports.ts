import { requireUnsigned } from '@qvm/core/vdev';
import type { AccessWidth, PortHandler } from '@qvm/core/vdev';
import type { PciBus } from './pci-bus.js';

/** Number of the ports: CONFIG_ADDRESS at 0CF8h, CONFIG_DATA at 0CFCh. */
export const CONFIG_PORTS = 8;

const DATA = 4;
const ENABLE = 0x8000_0000;
/** Reserved bits of CONFIG_ADDRESS read as zero. */
const ADDRESS_BITS = 0x80ff_fffc;
const ONES = 0xffff_ffff;

/** Unassigned ports. */
const NO_PORTS: PortHandler = { read: (_, width) => 2 ** (8 * width) - 1, write: () => undefined };

/**
 * The I/O ports to the configuration spaces (PCI Local Bus 3.0, section 3.2.2.3.2): a double word at 0CF8h selects what
 * the ports from 0CFCh on access. They reach the first 256 bytes of a space.
 *
 * @experimental
 */
export class ConfigPorts implements PortHandler {
  readonly #bus: PciBus;
  readonly #partial: PortHandler;
  #address = 0;

  /** @param partial - takes accesses of less than a double word at 0CF8h, such as the reset control at 0CF9h of PCs. */
  constructor(bus: PciBus, partial: PortHandler = NO_PORTS) {
    this.#bus = bus;
    this.#partial = partial;
  }

  /**
   * Reads CONFIG_ADDRESS, or the register that it selects.
   *
   * @param offset - from 0CF8h, 0 to 7.
   */
  read(offset: number, width: AccessWidth): number {
    if (offset >= DATA) return this.#readData(offset - DATA, width);
    return offset === 0 && width === 4 ? this.#address : this.#partial.read(offset, width);
  }

  /**
   * Writes CONFIG_ADDRESS, or the register that it selects.
   *
   * @param offset - from 0CF8h, 0 to 7.
   */
  write(offset: number, width: AccessWidth, value: number): void {
    if (offset >= DATA) this.#writeData(offset - DATA, width, value);
    else if (offset === 0 && width === 4) this.#address = (value & ADDRESS_BITS) >>> 0;
    else this.#partial.write(offset, width, value);
  }

  /** Resets to power-on state. */
  reset(): void {
    this.#address = 0;
  }

  /** The value of CONFIG_ADDRESS. */
  save(): number {
    return this.#address;
  }

  /**
   * Validates what {@link ConfigPorts.save} gave, and changes nothing.
   *
   * @returns a function that restores it.
   * @throws VdevStateError
   */
  decode(state: unknown): () => void {
    const address = requireUnsigned(state, ONES, 'CONFIG_ADDRESS');
    return () => void (this.#address = (address & ADDRESS_BITS) >>> 0);
  }

  #readData(lane: number, width: AccessWidth): number {
    return this.#selected ? this.#bus.read(this.#index, this.#register + lane, width) : 2 ** (8 * width) - 1;
  }

  #writeData(lane: number, width: AccessWidth, value: number): void {
    if (this.#selected) this.#bus.write(this.#index, this.#register + lane, width, value);
  }

  /** Whether CONFIG_ADDRESS selects a function of bus 0. */
  get #selected(): boolean {
    return (this.#address & ENABLE) !== 0 && (this.#address & 0x00ff_0000) === 0;
  }

  get #index(): number {
    return (this.#address >>> 8) & 0xff;
  }

  get #register(): number {
    return this.#address & 0xfc;
  }
}
