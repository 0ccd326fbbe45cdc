import type { AccessWidth, PortHandler } from '@qvm/core/vdev';

/** I/O ports of a device with a bus of 8 bits: a wider access is one for each port, the lowest first. */
export class BytePorts implements PortHandler {
  readonly #read: (port: number) => number;
  readonly #write: (port: number, value: number) => void;

  constructor(read: (port: number) => number, write: (port: number, value: number) => void) {
    this.#read = read;
    this.#write = write;
  }

  read(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let byte = 0; byte < width; byte++) value |= this.#read(offset + byte) << (byte * 8);
    return value >>> 0;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    for (let byte = 0; byte < width; byte++) this.#write(offset + byte, (value >>> (byte * 8)) & 0xff);
  }
}
