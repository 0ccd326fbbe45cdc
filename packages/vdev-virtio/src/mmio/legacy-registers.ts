import { requireObject, requireUnsigned, requireUnsignedArray, VdevStateError } from '@qvm/core/vdev';
import type { RegisterLayout } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import { AreaRegister } from '../queue/device-virtqueue.js';
import { legacyAreas } from '../queue/legacy-layout.js';
import type { VirtioTransport } from '../transport/virtio-transport.js';
import { commonRegisters, CommonRegisters } from './common-registers.js';
import type { CommonOperations, DeviceIdentity } from './common-registers.js';

/** Effects of the registers of version 1. */
export interface LegacyOperations extends CommonOperations {
  queuePage: number;
  writePageSize(size: number): void;
  writeQueueAlignment(alignment: number): void;
}

const VERSION = 1;
/** Alignment of the used ring if the driver sets none: that of VirtIO 0.9.5 over PCI. */
const USUAL_ALIGNMENT = 0x1000;

const { DeviceFeatures, DeviceFeaturesSel, DriverFeatures, DriverFeaturesSel, ...common } = commonRegisters;

const registers = {
  ...common,
  Version: { offset: 0x004, access: 'ro', description: 'Device version: 1', read: () => VERSION },
  HostFeatures: {
    ...DeviceFeatures,
    description: 'Features offered, the word of HostFeaturesSel; those of word 1 are 0',
  },
  HostFeaturesSel: DeviceFeaturesSel,
  GuestFeatures: {
    ...DriverFeatures,
    description: 'Features accepted, the word of GuestFeaturesSel; without effect once the device has started',
  },
  GuestFeaturesSel: DriverFeaturesSel,
  GuestPageSize: {
    offset: 0x028,
    access: 'wo',
    description: 'Bytes of a page of QueuePFN, a power of two; a device reset leaves it as it is',
    write: (target: LegacyOperations, value: number) => target.writePageSize(value),
  },
  QueueAlign: {
    offset: 0x03c,
    access: 'wo',
    description: 'Alignment of the used ring in bytes, a power of two; 4096 at first',
    write: (target: LegacyOperations, value: number) => target.writeQueueAlignment(value),
  },
  QueuePFN: {
    offset: 0x040,
    access: 'rw',
    description: 'Page in which the descriptor table begins: sets the queue up; 0: takes it back',
    read: (target: LegacyOperations) => target.queuePage,
    write: (target: LegacyOperations, value: number) => void (target.queuePage = value),
  },
} as const satisfies RegisterLayout<LegacyOperations>;

/** @internal */
export type LegacyRegisterName = keyof typeof registers;

/** The control registers of version 1 (VirtIO 1.2, section 4.2.4, table 4.2). */
export const legacyRegisters: RegisterLayout<LegacyOperations, LegacyRegisterName> = registers;

/** The state of the registers of version 1. */
export class LegacyRegisters extends CommonRegisters implements LegacyOperations {
  #pageSize = 0;
  /** Alignment of each queue's used ring. */
  readonly #alignments: Uint32Array;
  /** Page number of each queue; kept for queues that are not set up. */
  readonly #pages: Uint32Array;

  constructor(transport: VirtioTransport, identity: DeviceIdentity) {
    super(transport, identity);
    this.#pages = new Uint32Array(transport.queues.length);
    this.#alignments = new Uint32Array(transport.queues.length).fill(USUAL_ALIGNMENT);
  }

  override reset(): void {
    super.reset();
    this.#pageSize = 0;
    this.#pages.fill(0);
    this.#alignments.fill(USUAL_ALIGNMENT);
  }

  override save(): Readonly<Record<string, Json>> {
    return {
      ...super.save(),
      pageSize: this.#pageSize,
      alignments: [...this.#alignments],
      pages: [...this.#pages],
    };
  }

  override decode(state: unknown): () => void {
    const { pageSize, alignments, pages, ...rest } = requireObject(
      state,
      ['selected', 'pageSize', 'alignments', 'pages'],
      'VirtIO registers',
    );
    const loadCommon = super.decode(rest);
    const size = requireUnsigned(pageSize, 0xffff_ffff, 'pageSize');
    const perQueue = [this.#words(alignments, 'alignments'), this.#words(pages, 'pages')] as const;
    return () => {
      loadCommon();
      this.#pageSize = size;
      this.#alignments.set(perQueue[0]);
      this.#pages.set(perQueue[1]);
    };
  }

  get queuePage(): number {
    return this.queue?.enabled === true ? (this.#pages[this.selectedQueue] ?? 0) : 0;
  }

  set queuePage(page: number) {
    const { queue, selectedQueue } = this;
    if (queue === undefined) return;
    if (page === 0) {
      this.transport.enableQueue(selectedQueue, false);
    } else if (!queue.enabled) {
      this.#pages[selectedQueue] = page;
      this.#setUp(selectedQueue, page);
    }
  }

  writePageSize(size: number): void {
    this.#pageSize = size;
  }

  writeQueueAlignment(alignment: number): void {
    if (this.queue?.enabled === false) this.#alignments[this.selectedQueue] = alignment;
  }

  #setUp(index: number, page: number): void {
    const queue = this.transport.queues[index];
    const alignment = this.#alignments[index] ?? 0;
    if (queue === undefined) return;
    for (const [name, value] of [
      ['GuestPageSize', this.#pageSize],
      ['QueueAlign', alignment],
    ] as const) {
      if (isPowerOfTwo(value)) continue;
      this.transport.needsReset(
        `The driver set up the queue ${queue.name} with a ${name} of ${value}, no power of two.`,
      );
      return;
    }
    const areas = legacyAreas(page * this.#pageSize, queue.size, alignment);
    for (const [area, low] of [AreaRegister.DescriptorsLow, AreaRegister.DriverLow, AreaRegister.DeviceLow].entries()) {
      const address = areas[area] ?? 0;
      queue.setArea(low, address % 2 ** 32);
      queue.setArea(low + 1, Math.floor(address / 2 ** 32));
    }
    this.transport.enableQueue(index, true);
  }

  #words(state: unknown, what: string): readonly number[] {
    const words = requireUnsignedArray(state, this.#pages.length, 0xffff_ffff, what);
    if (words.length !== this.#pages.length) throw new VdevStateError(`${what} are not as many as queues`);
    return words;
  }
}

function isPowerOfTwo(value: number): boolean {
  return value !== 0 && (value & (value - 1)) === 0;
}
