import type { MsixSpec } from '@qvm/pci';

/** The only BAR, its size, and the structures in it. */
export const BAR = 0;
export const BAR_BYTES = 0x8000;

/** A structure in the BAR. */
interface Structure {
  readonly offset: number;
  readonly size: number;
}

export const COMMON: Structure = { offset: 0x0000, size: 0x1000 };
export const ISR: Structure = { offset: 0x1000, size: 0x1000 };
export const DEVICE: Structure = { offset: 0x2000, size: 0x1000 };
export const NOTIFY: Structure = { offset: 0x3000, size: 0x1000 };
export const MSIX_TABLE: Structure = { offset: 0x4000, size: 0x1000 };
export const MSIX_PENDING: Structure = { offset: 0x5000, size: 0x1000 };

/** Distance between the notification addresses of two queues. */
export const NOTIFY_STRIDE = 4;
/** Vectors that fit into the table's page. */
const MOST_VECTORS = MSIX_TABLE.size / 16;

/** One vector for each queue and one for the configuration, as far as there is room: drivers share vectors otherwise. */
export function msixOf(queues: number): MsixSpec {
  return {
    vectors: Math.min(queues + 1, MOST_VECTORS),
    table: { bar: BAR, offset: MSIX_TABLE.offset },
    pendingBits: { bar: BAR, offset: MSIX_PENDING.offset },
  };
}
