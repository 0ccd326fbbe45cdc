import type { Json } from '@qvm/core';
import type { OptionDeclarations } from '@qvm/core/options';
import type { OptionProblem, VdevContext, VdevFile, VdevOptions } from '@qvm/core/vdev';

/**
 * A type of VirtIO device, independent of the transport. A transport makes a `VdevFactory` of it.
 *
 * @experimental
 */
export interface VirtioDeviceType<D extends OptionDeclarations = OptionDeclarations> {
  /** The word after `vdev` in a configuration, such as `virtio-blk`. */
  readonly type: string;
  /** One line for `qvm vdev help`. */
  readonly description: string;
  /** Number of the device type (VirtIO 1.2, section 5). */
  readonly deviceId: number;
  /** Names of the type's feature bits, for `vdevstat`. */
  readonly featureNames?: Readonly<Record<number, string>>;
  /** Options beyond those of the transport. */
  readonly options: D;
  /** See `VdevFactory.check`. */
  check?(options: VdevOptions<D>): readonly OptionProblem[];
  /** See `VdevFactory.files`. */
  files?(options: VdevOptions<D>): readonly VdevFile[];
  /** The queues of an instance, in the order of their indices. */
  queues(options: VdevOptions<D>): readonly VirtqueueSpec[];
  /** Creates an instance; the queues in the context become usable when the driver has set them up. */
  create(context: VirtioContext, options: VdevOptions<D>): VirtioDevice;
}

/**
 * One queue of a device.
 *
 * @experimental
 */
export interface VirtqueueSpec {
  /** Name for `vdevstat` and errors: `requests`, `receive0`. */
  readonly name: string;
  /** Largest number of descriptors that a driver may choose, 1 to 32,768; a power of two. */
  readonly maxSize: number;
}

/**
 * The transport, from the view of its device.
 *
 * @experimental
 */
export interface VirtioContext {
  /** The context of the vdev. */
  readonly vdev: VdevContext;
  /** The queues, in the order of {@link VirtioDeviceType.queues}. */
  readonly queues: readonly Virtqueue[];
  /**
   * Whether the driver predates VirtIO 1.0: it does not accept VERSION_1, and may use the device before DRIVER_OK,
   * which then starts it.
   */
  readonly legacy: boolean;
  /** Reports a change of the configuration space: increments the generation and interrupts the driver. */
  configChanged(): void;
  /**
   * Reports that the device cannot continue until it is reset (DEVICE_NEEDS_RESET). Logged, and reported to the driver.
   */
  needsReset(reason: string): void;
}

/**
 * The device's side of one queue. All data of the driver have been validated: buffers are entirely in guest RAM,
 * chains end, totals are bounded. After a violation of the rules, the device needs a reset, and the queue is empty
 * from then on.
 *
 * @experimental
 */
export interface Virtqueue {
  /** Name of the queue, for errors and status. */
  readonly name: string;
  /** Whether the driver has set the queue up and the device is live (DRIVER_OK, no reset needed). */
  readonly ready: boolean;
  /**
   * Takes the next buffer that the driver has made available; `undefined` when there is none. A kick may come only for
   * buffers that are added after the result was `undefined`, so take all buffers, or come back without a kick.
   */
  pop(): VirtqueueBuffer | undefined;
  /**
   * Puts the buffer that was popped last back, for example when there is no room for a whole packet. Several buffers
   * are put back in reverse order, without `pop` or `push` in between.
   */
  unpop(buffer: VirtqueueBuffer): void;
  /**
   * Returns a buffer to the driver, in any order; `written` bytes of its writable part contain data. Buffers from
   * before a reset are silently dropped.
   */
  push(buffer: VirtqueueBuffer, written: number): void;
  /**
   * Interrupts the driver if it has asked for an interrupt for the pushed buffers. Called once for a batch of pushes.
   */
  notify(): void;
  /** Sets whether the driver should kick for new buffers; otherwise the device polls. True after reset. */
  wantKicks(wanted: boolean): void;
}

/**
 * A chain of descriptors as two byte strings in guest RAM: the part that the device reads, and the part that it
 * writes. Offsets are relative to the start of each; copies stop at its end and return the number of bytes copied.
 *
 * @experimental
 */
export interface VirtqueueBuffer {
  /** Bytes for the device to read. */
  readonly readable: number;
  /** Bytes for the device to write. */
  readonly writable: number;
  /** Copies from the readable part. */
  read(offset: number, target: Uint8Array): number;
  /** Copies to the writable part. */
  write(offset: number, source: Uint8Array): number;
  /**
   * Live views of the readable part from `offset`, `length` bytes in total, or fewer at its end. For host I/O without
   * copying.
   */
  readViews(offset: number, length: number): readonly Uint8Array[];
  /** Live views of the writable part, like `readViews`. */
  writeViews(offset: number, length: number): readonly Uint8Array[];
}

/**
 * One VirtIO device. All of its methods are called on the VM's thread and must return soon; host I/O continues
 * afterwards and reports its end by `context.vdev.post`.
 *
 * @experimental
 */
export interface VirtioDevice {
  /** Feature bits of the device type that are offered (bits 0–23, and from 50 on). */
  readonly features: bigint;
  /** Size of the configuration space in bytes; accesses are always inside of it. */
  readonly configSize: number;
  /** Reads 1, 2 or 4 bytes of the configuration space, as an unsigned little-endian number. */
  readConfig(offset: number, width: 1 | 2 | 4): number;
  /** Writes to the configuration space. Absent: it is not writable. */
  writeConfig?(offset: number, width: 1 | 2 | 4, value: number): void;
  /** Called when the driver has set DRIVER_OK: these features apply until the next reset. */
  start(features: bigint): void;
  /** Called when the driver has kicked a queue. */
  kicked(queue: number): void;
  /** Discards all state set by the driver; outstanding host I/O is dropped or ends without effect. */
  reset(): void;
  /** Like `Vdev.quiesce`: resolves when the host works on no buffer. */
  quiesce?(): Promise<void>;
  /**
   * Saves the state of the type; the transport saves queues and registers. Buffers in flight must have been pushed, at
   * the latest after `quiesce`, or put back.
   */
  save(): Json;
  /**
   * Restores the result of `save`, which may come from an untrusted source: validate all of it before changing
   * anything. The queues must not be used. If the driver had started the device, `start` follows, and then `kicked`
   * for each queue.
   *
   * @throws VdevStateError
   */
  restore(state: Json): void;
  /** The device's part of `qvm vdevstat`, as JSON. */
  status(): Readonly<Record<string, Json>>;
  /** See `Vdev.dispose`. */
  dispose(): void | Promise<void>;
}
