import type { AccessWidth, MmioHandler, PortHandler } from '@qvm/core/vdev';
import type { PciWindow } from '../bus/address-decoder.js';

interface MappedPorts {
  readonly offset: number;
  readonly size: number;
  readonly handler: MmioHandler;
}

/**
 * The I/O ports that a host bridge passes on to its bus. An access that no function covers completely is performed byte
 * by byte, lowest port first; ports that none has read as ones.
 */
export class PortWindow implements PciWindow, PortHandler {
  #mapped: readonly MappedPorts[] = [];

  constructor(
    readonly base: number,
    readonly size: number,
  ) {}

  mapRegisters(offset: number, size: number, handler: MmioHandler): void {
    this.#mapped = [...this.#mapped, { offset, size, handler }];
  }

  unmap(offset: number): void {
    this.#mapped = this.#mapped.filter((mapped) => mapped.offset !== offset);
  }

  read(offset: number, width: AccessWidth): number {
    const mapped = this.#covering(offset, width);
    if (mapped !== undefined) return mapped.handler.read(offset - mapped.offset, width);
    if (width === 1) return 0xff;
    let value = 0;
    for (let byte = 0; byte < width; byte++) value |= this.read(offset + byte, 1) << (8 * byte);
    return value >>> 0;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    const mapped = this.#covering(offset, width);
    if (mapped !== undefined) mapped.handler.write(offset - mapped.offset, width, value);
    else if (width > 1) {
      for (let byte = 0; byte < width; byte++) this.write(offset + byte, 1, (value >>> (8 * byte)) & 0xff);
    }
  }

  #covering(offset: number, width: AccessWidth): MappedPorts | undefined {
    return this.#mapped.find((mapped) => offset >= mapped.offset && offset + width <= mapped.offset + mapped.size);
  }
}
