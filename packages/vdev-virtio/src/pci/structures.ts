import type { AccessWidth, MmioHandler } from '@qvm/core/vdev';
import type { Msix } from '@qvm/pci';
import type { VirtioTransport } from '../transport/virtio-transport.js';
import type { CommonConfiguration } from './common-configuration.js';
import { commonConfiguration } from './common-configuration.js';
import { FieldBlock } from './field-layout.js';
import { COMMON, DEVICE, ISR, MSIX_PENDING, MSIX_TABLE, NOTIFY, NOTIFY_STRIDE } from './layout.js';

/** Bytes of a structure's page. */
const PAGE_SHIFT = 12;
const PAGE_MASK = 0xfff;

/** The BAR of a VirtIO function: passes accesses to the structure in whose page they are. */
export class VirtioStructures implements MmioHandler {
  readonly #transport: VirtioTransport;
  readonly #pages: readonly (MmioHandler | undefined)[];

  /** @param msix - gives the function's MSI-X interrupts, which are known once it is on the bus. */
  constructor(transport: VirtioTransport, common: CommonConfiguration, msix: () => Msix | undefined) {
    this.#transport = transport;
    const pages: (MmioHandler | undefined)[] = [];
    const place = ({ offset }: { readonly offset: number }, handler: MmioHandler): void => {
      pages[offset >>> PAGE_SHIFT] = handler;
    };
    place(COMMON, new FieldBlock(commonConfiguration, common));
    place(ISR, { read: this.#readCauses, write: () => undefined });
    place(DEVICE, {
      read: (offset, width) => transport.readConfig(offset, width),
      write: (offset, width, value) => transport.writeConfig(offset, width, value),
    });
    place(NOTIFY, { read: () => 0, write: (offset) => transport.kick(Math.floor(offset / NOTIFY_STRIDE)) });
    place(MSIX_TABLE, {
      read: (offset, width) => msix()?.table.read(offset, width) ?? 0,
      write: (offset, width, value) => msix()?.table.write(offset, width, value),
    });
    place(MSIX_PENDING, {
      read: (offset, width) => msix()?.pendingBits.read(offset, width) ?? 0,
      write: () => undefined,
    });
    this.#pages = pages;
  }

  read(offset: number, width: AccessWidth): number {
    return this.#pages[offset >>> PAGE_SHIFT]?.read(offset & PAGE_MASK, width) ?? 0;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    this.#pages[offset >>> PAGE_SHIFT]?.write(offset & PAGE_MASK, width, value);
  }

  /** Reading the causes acknowledges them, and lowers the pin (VirtIO 1.2, section 4.1.4.5). */
  readonly #readCauses = (offset: number): number => {
    if (offset !== 0) return 0;
    const causes = this.#transport.interruptStatus;
    this.#transport.acknowledge(causes);
    return causes;
  };
}
