import type { AccessWidth, PortHandler } from '../memory/memory-region.js';

/**
 * A device with registers of one byte, at consecutive I/O ports.
 *
 * @experimental
 */
export interface ByteDevice {
  /** Reads a register, 0 to 255. Called for ports after the last register too. */
  readByte(port: number): number;
  /** Writes a register, with a value from 0 to 255. Called for ports after the last register too. */
  writeByte(port: number, value: number): void;
}

/**
 * Connects a device of 8 bits to a wider bus, as ISA does: a wider access is several of one byte, lowest port first.
 *
 * @experimental
 */
export class BytePorts implements PortHandler {
  readonly #device: ByteDevice;

  constructor(device: ByteDevice) {
    this.#device = device;
  }

  /** Reads one register for each byte of the width. */
  read(offset: number, width: AccessWidth): number {
    if (width === 1) return this.#device.readByte(offset);
    let value = 0;
    for (let index = 0; index < width; index++) value |= this.#device.readByte(offset + index) << (8 * index);
    return value >>> 0;
  }

  /** Writes one register for each byte of the width. */
  write(offset: number, width: AccessWidth, value: number): void {
    for (let index = 0; index < width; index++) {
      this.#device.writeByte(offset + index, (value >>> (8 * index)) & 0xff);
    }
  }
}
