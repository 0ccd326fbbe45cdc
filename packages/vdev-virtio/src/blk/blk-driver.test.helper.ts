import { BLOCK_STORE, type BlockOpenOptions } from '@qvm/core/services';
import { createVdev, ManualClock, MemoryBlockBackend, MockVirtioDriver } from '@qvm/testing';
import type { GivenOptions, MemoryBlockOptions, MockBuffer, MockUsedBuffer, VdevHarness } from '@qvm/testing';
import { virtioVdev } from '../virtio-vdev.js';
import { HEADER_BYTES } from './constants.js';
import { virtioBlk } from './type.js';
import { REQUEST_NS } from './virtual-time-server.js';

export const blk = virtioVdev(virtioBlk);
export const SECTORS = 64;
const MOST_TURNS = 1000;

/** Options of a test's disk and driver. */
export interface BlkSetup {
  readonly disk?: MemoryBlockOptions;
  /** Size of the disk in sectors. Default {@link SECTORS}. */
  readonly sectors?: number;
  readonly options?: GivenOptions;
  readonly clock?: 'real-time' | 'icount';
  readonly features?: bigint;
  /** Default true. */
  readonly start?: boolean;
}

/** A virtio-blk over a disk in memory, and its driver. */
export interface BlkBench {
  readonly harness: VdevHarness;
  readonly driver: MockVirtioDriver;
  readonly disk: MemoryBlockBackend;
  readonly opened: readonly (readonly [string, BlockOpenOptions])[];
}

export function prepareBlk(
  disk: MemoryBlockBackend,
  opened: (readonly [string, BlockOpenOptions])[] = [],
): (context: VdevHarness['context']) => void {
  return (context: VdevHarness['context']): void =>
    context.attach(BLOCK_STORE, {
      open: (path, options) => {
        opened.push([path, options]);
        return disk;
      },
    });
}

export function benchOf(setup: BlkSetup = {}): BlkBench {
  const content = Uint8Array.from({ length: (setup.sectors ?? SECTORS) * 512 }, (_, at) => (at >>> 9) + 1);
  const disk = new MemoryBlockBackend(content, setup.disk);
  const opened: (readonly [string, BlockOpenOptions])[] = [];
  const harness = createVdev(blk, {
    options: { file: '/disk', ...setup.options },
    context: { clock: new ManualClock(0, setup.clock ?? 'real-time') },
    prepare: prepareBlk(disk, opened),
  });
  const packed = setup.options?.packed === true;
  const features = setup.features === undefined ? {} : { features: setup.features };
  const driver = new MockVirtioDriver(harness, { packed, ...features });
  if (setup.start !== false) driver.start();
  return { harness, driver, disk, opened };
}

/** The 16 bytes before a request's data. */
export function headerOf(type: number, sector: number | bigint = 0): Uint8Array {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  header.setUint32(0, type, true);
  header.setBigUint64(8, BigInt(sector), true);
  return new Uint8Array(header.buffer);
}

/** A struct virtio_blk_discard_write_zeroes. */
export function segmentOf(sector: number | bigint, sectors: number, flags = 0): Uint8Array {
  const segment = new DataView(new ArrayBuffer(16));
  segment.setBigUint64(0, BigInt(sector), true);
  segment.setUint32(8, sectors, true);
  segment.setUint32(12, flags, true);
  return new Uint8Array(segment.buffer);
}

/** Lets the host complete all outstanding work. */
export async function settle({ harness }: BlkBench): Promise<void> {
  for (let quiet = 0, turns = 0; quiet < 3 && turns < MOST_TURNS; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    quiet = harness.context.runPosted() > 0 ? 0 : quiet + 1;
  }
  harness.context.clock.advance(100 * REQUEST_NS);
}

/** The result of a request. */
export interface Answer {
  readonly status: number | undefined;
  readonly data: Uint8Array;
  readonly written: number;
}

export function answerOf({ room, written }: MockUsedBuffer): Answer {
  return { status: room.at(-1), data: room.subarray(0, -1), written };
}

/** Performs one request from beginning to end. */
export async function ask(bench: BlkBench, buffer: MockBuffer, queue = 0): Promise<Answer> {
  const line = bench.driver.queue(queue);
  const id = line.add(buffer);
  line.kick();
  await settle(bench);
  const used = line.collect().find((element) => element.id === id);
  if (used === undefined) throw new Error('the request was not answered');
  return answerOf(used);
}
