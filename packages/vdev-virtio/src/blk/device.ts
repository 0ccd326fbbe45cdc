/*
 * A block device of VirtIO 1.2 §5.2. docs/vdevs/virtio-blk.md lists the supported and omitted parts.
 */
import { QvmError, type Json } from '@qvm/core';
import { type BlockBackend } from '@qvm/core/services';
import { requireBoolean, requireObject } from '@qvm/core/vdev';
import { readConfigSpace } from '../device/config-space.js';
import type { VirtioContext, VirtioDevice } from '../device/virtio-device.js';
import { CONFIG_BYTES, configSpace, WRITEBACK_AT } from './config-space.js';
import {
  F_BLK_SIZE,
  F_CONFIG_WCE,
  F_DISCARD,
  F_FLUSH,
  F_MQ,
  F_RO,
  F_SEG_MAX,
  F_TOPOLOGY,
  F_WRITE_ZEROES,
  ID_BYTES,
} from './constants.js';
import { HostTimeServer } from './host-time-server.js';
import type { BlkOptions } from './options.js';
import type { RequestServer } from './request-server.js';
import { RequestSource } from './request-source.js';
import { VirtualTimeServer } from './virtual-time-server.js';

/** @internal */
export class BlkDevice implements VirtioDevice {
  readonly features: bigint;
  readonly configSize = CONFIG_BYTES;
  readonly #context: VirtioContext;
  readonly #disk: BlockBackend;
  readonly #options: BlkOptions;
  readonly #config: DataView;
  readonly #id: Uint8Array;
  readonly #source: RequestSource;
  readonly #server: RequestServer;
  /** Accepted by the driver. */
  #features = 0n;
  #failureTold = false;

  constructor(context: VirtioContext, disk: BlockBackend, options: BlkOptions) {
    this.#context = context;
    this.#disk = disk;
    this.#options = options;
    this.#config = configSpace(disk, options.queues);
    this.#id = identity(options.serial ?? context.vdev.name);
    this.features = offeredFeatures(disk, options);
    this.#source = new RequestSource({
      queues: context.queues,
      service: (bounce) => ({
        disk,
        bounce,
        id: this.#id,
        writethrough: this.#writethrough,
        discards: (this.#features & F_DISCARD) !== 0n,
      }),
      broken: (reason) => context.needsReset(reason),
      failed: (error) => this.#tellFailure(error),
    });
    this.#server =
      context.vdev.clock.kind === 'icount'
        ? new VirtualTimeServer(context.vdev, this.#source)
        : new HostTimeServer(context.vdev, this.#source, disk);
    this.#setWriteback(options.cache === 'writeback');
  }

  readConfig(offset: number, width: 1 | 2 | 4): number {
    return readConfigSpace(this.#config, offset, width);
  }

  writeConfig(offset: number, width: 1 | 2 | 4, value: number): void {
    if (offset === WRITEBACK_AT && width === 1 && (this.features & F_CONFIG_WCE) !== 0n) {
      this.#setWriteback((value & 1) === 1);
    }
  }

  start(features: bigint): void {
    this.#features = features;
  }

  kicked(queue: number): void {
    this.#source.kicked(queue);
    this.#server.serve();
  }

  reset(): void {
    this.#features = 0n;
    this.#source.reset();
    this.#server.reset();
    this.#setWriteback(this.#options.cache === 'writeback');
  }

  quiesce(): Promise<void> {
    return this.#server.quiesce();
  }

  /** @throws QvmError `virtio.busy` while the host works on requests, which would be lost. */
  save(): Json {
    const { outstanding } = this.#server;
    if (outstanding > 0) {
      throw new QvmError('virtio.busy', `${this.#context.vdev.name} waits for ${outstanding} requests of its disk.`);
    }
    return { writeback: this.#config.getUint8(WRITEBACK_AT) === 1 };
  }

  restore(state: Json): void {
    const { writeback } = requireObject(state, ['writeback'], 'virtio-blk state');
    const chosen = requireBoolean(writeback, 'writeback');
    this.reset();
    this.#setWriteback(chosen);
  }

  status(): Readonly<Record<string, Json>> {
    return {
      file: this.#options.file.path,
      ...(this.#options.overlay === undefined ? {} : { overlay: this.#options.overlay }),
      size: this.#disk.size,
      readOnly: this.#disk.readOnly,
      writeback: !this.#writethrough,
      outstanding: this.#server.outstanding,
      ...this.#source.counts,
      disk: this.#disk.status?.() ?? {},
    };
  }

  /** Closes the disk when the last of its requests has ended. */
  dispose(): Promise<void> {
    this.#server.dispose();
    return this.#disk.close();
  }

  /**
   * §5.2.6.2: a driver without FLUSH expects every write to be durable; one without CONFIG_WCE gets a write-back cache.
   */
  get #writethrough(): boolean {
    if ((this.#features & F_FLUSH) === 0n) return true;
    return (this.#features & F_CONFIG_WCE) !== 0n && this.#config.getUint8(WRITEBACK_AT) === 0;
  }

  #setWriteback(writeback: boolean): void {
    this.#config.setUint8(WRITEBACK_AT, Number(writeback));
  }

  /** Logged once, because a guest can repeat a failing request as often as it likes. The status has the count. */
  #tellFailure(error: unknown): void {
    if (this.#failureTold) return;
    this.#failureTold = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#context.vdev.logger.log('error', `the guest was told of a failure: ${reason}`);
  }
}

function offeredFeatures(disk: BlockBackend, { queues, discard }: BlkOptions): bigint {
  const always = F_SEG_MAX | F_BLK_SIZE | F_FLUSH | F_TOPOLOGY;
  const writable = disk.readOnly ? F_RO : F_CONFIG_WCE | F_WRITE_ZEROES;
  const discarding = discard && !disk.readOnly && disk.discardUnit !== undefined ? F_DISCARD : 0n;
  return always | writable | discarding | (queues > 1 ? F_MQ : 0n);
}

/** The serial number in printable ASCII, as returned by GET_ID. */
function identity(serial: string): Uint8Array {
  const id = new Uint8Array(ID_BYTES);
  const printable = serial.replaceAll(/[^\x20-\x7e]/g, '_').slice(0, ID_BYTES);
  for (let index = 0; index < printable.length; index++) id[index] = printable.charCodeAt(index);
  return id;
}
