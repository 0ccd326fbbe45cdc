import type { FakeGuestMemory, VdevHarness } from '@qvm/testing';

/*
 * A driver of version 1, according to VirtIO 1.2, sections 4.2.4 (registers), 2.7.2 (layout of a queue), 2.7.5, 2.7.6
 * and 2.7.8 (rings). All of its constants are from the standard; it shares no code with the device.
 */

const PAGE = 0x1000;

/** Offsets of table 4.2 that tests use. */
export const Legacy = {
  Version: 0x004,
  VendorId: 0x00c,
  HostFeatures: 0x010,
  HostFeaturesSel: 0x014,
  GuestFeatures: 0x020,
  GuestFeaturesSel: 0x024,
  GuestPageSize: 0x028,
  QueueSel: 0x030,
  QueueNumMax: 0x034,
  QueueNum: 0x038,
  QueueAlign: 0x03c,
  QueuePfn: 0x040,
  QueueNotify: 0x050,
  InterruptStatus: 0x060,
  InterruptAck: 0x064,
  Status: 0x070,
} as const;

/** A part of a buffer: bytes for the device, or the size of space for the device's bytes. */
export type Part = Uint8Array | number;

/** A queue of a legacy driver: one contiguous piece of memory. */
export class LegacyQueue {
  readonly #memory: FakeGuestMemory;
  readonly #harness: VdevHarness;
  readonly #index: number;
  readonly #size: number;
  readonly #available: number;
  readonly #used: number;
  readonly #table: number;
  #data: number;
  #nextDescriptor = 0;
  #nextUsed = 0;

  constructor(harness: VdevHarness, index: number, size: number, page: number, alignment: number) {
    this.#harness = harness;
    this.#memory = harness.context.memory;
    this.#index = index;
    this.#size = size;
    this.#table = page * PAGE;
    this.#available = this.#table + 16 * size;
    const end = this.#available + 2 * (3 + size);
    this.#used = end + ((alignment - (end % alignment)) % alignment);
    // After the used ring, for any of its possible addresses.
    this.#data = this.#table + 0x3000;
  }

  /** Adds a buffer with these parts. Returns the addresses of the parts. */
  add(...parts: readonly Part[]): readonly number[] {
    const first = this.#nextDescriptor;
    const addresses = parts.map((part, at) => {
      const address = this.#data;
      const length = typeof part === 'number' ? part : part.length;
      if (typeof part !== 'number') this.#memory.write(address, part);
      this.#data += length + 16;
      const descriptor = this.#table + 16 * (this.#nextDescriptor++ % this.#size);
      const last = at === parts.length - 1;
      this.#memory.writeU64(descriptor, BigInt(address));
      this.#memory.writeU32(descriptor + 8, length);
      this.#memory.writeU16(descriptor + 12, (last ? 0 : 1) | (typeof part === 'number' ? 2 : 0));
      this.#memory.writeU16(descriptor + 14, last ? 0 : this.#nextDescriptor % this.#size);
      return address;
    });
    const index = this.#memory.readU16(this.#available + 2);
    this.#memory.writeU16(this.#available + 4 + 2 * (index % this.#size), first % this.#size);
    this.#memory.writeU16(this.#available + 2, (index + 1) & 0xffff);
    return addresses;
  }

  notify(): void {
    this.#harness.write(Legacy.QueueNotify, this.#index);
  }

  /** Lengths of the buffers that were used since the last call. */
  collect(): readonly number[] {
    const lengths: number[] = [];
    for (; this.#nextUsed !== this.#memory.readU16(this.#used + 2); this.#nextUsed = (this.#nextUsed + 1) & 0xffff) {
      lengths.push(this.#memory.readU32(this.#used + 4 + 8 * (this.#nextUsed % this.#size) + 4));
    }
    return lengths;
  }

  /**
   * Adds a buffer, kicks, and returns the number of bytes that the device has written and the contents of the last
   * part.
   */
  transfer(...parts: readonly Part[]): { readonly written: number | undefined; readonly last: Uint8Array } {
    const address = this.add(...parts).at(-1) ?? 0;
    this.notify();
    const part = parts.at(-1) ?? 0;
    const last = this.#memory.view(address, typeof part === 'number' ? part : part.length).slice();
    return { written: this.collect()[0], last };
  }
}

/**
 * Acts like a legacy driver, without the additions of VirtIO 1.0: no FEATURES_OK, no VERSION_1, queues by page number.
 */
export class LegacyDriver {
  readonly #harness: VdevHarness;
  #nextPage: number;

  constructor(harness: VdevHarness) {
    this.#harness = harness;
    this.#nextPage = harness.context.memory.base / PAGE;
    harness.write(Legacy.GuestPageSize, PAGE);
    for (const status of [0, 1, 1 | 2]) harness.write(Legacy.Status, status);
  }

  /** Both words of the features that the device offers. */
  get offered(): readonly [number, number] {
    return [0, 1].map((word) => {
      this.#harness.write(Legacy.HostFeaturesSel, word);
      return this.#harness.read(Legacy.HostFeatures);
    }) as [number, number];
  }

  accept(features: number): void {
    this.#harness.write(Legacy.GuestFeaturesSel, 0);
    this.#harness.write(Legacy.GuestFeatures, features);
  }

  /** Sets a queue up, each at the next 64 KiB of RAM. */
  queue(index: number, size: number, alignment = PAGE): LegacyQueue {
    const page = this.#nextPage;
    this.#nextPage += 0x1_0000 / PAGE;
    this.#harness.write(Legacy.QueueSel, index);
    this.#harness.write(Legacy.QueueNum, size);
    this.#harness.write(Legacy.QueueAlign, alignment);
    this.#harness.write(Legacy.QueuePfn, page);
    return new LegacyQueue(this.#harness, index, size, page, alignment);
  }

  driverOk(): void {
    this.#harness.write(Legacy.Status, 1 | 2 | 4);
  }
}
