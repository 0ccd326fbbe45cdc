import type { Json } from '@qvm/core';
import type { OptionDeclarations } from '@qvm/core/options';
import type { OptionProblem, VdevContext, VdevFile, VdevOptions } from '@qvm/core/vdev';

/**
 * A kind of VirtIO device, whatever the transport that carries it. A transport makes a `VdevFactory` of it.
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
  /** As `VdevFactory.check`. */
  check?(options: VdevOptions<D>): readonly OptionProblem[];
  /** As `VdevFactory.files`. */
  files?(options: VdevOptions<D>): readonly VdevFile[];
  /** The queues of an instance, in the order of their indices. */
  queues(options: VdevOptions<D>): readonly VirtqueueSpec[];
  /** Makes an instance; the queues in the context become usable when the driver has set them up. */
  create(context: VirtioContext, options: VdevOptions<D>): VirtioDevice;
}

/**
 * One queue that a device has.
 *
 * @experimental
 */
export interface VirtqueueSpec {
  /** For `vdevstat` and errors: `requests`, `receive0`. */
  readonly name: string;
  /** Most descriptors that a driver may set up, 1 to 32,768; a power of two. */
  readonly maxSize: number;
}

/**
 * The transport as its device sees it.
 *
 * @experimental
 */
export interface VirtioContext {
  /** The VM, as every vdev sees it. */
  readonly vdev: VdevContext;
  /** The queues, in the order of {@link VirtioDeviceType.queues}. */
  readonly queues: readonly Virtqueue[];
  /** The driver is from before VirtIO 1.0: it accepts no VERSION_1, and may use the device before DRIVER_OK, which starts it then. */
  readonly legacy: boolean;
  /** The configuration space changed: raises the generation and interrupts the driver. */
  configChanged(): void;
  /** The device cannot go on until it is reset (DEVICE_NEEDS_RESET). Logged, told to the driver. */
  needsReset(reason: string): void;
}

/**
 * The device half of one queue. Everything that the driver wrote is checked before it gets here: buffers lie wholly in
 * guest RAM, chains end, totals are bounded. A queue that breaks the rules makes the device need a reset, and is empty
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
   * Takes the next buffer that the driver made available; `undefined` when there is none. A kick may come only for
   * buffers that are added after it was `undefined`, so take all, or come back without a kick.
   */
  pop(): VirtqueueBuffer | undefined;
  /**
   * Puts the buffer popped last back, as when there is no room for a whole packet. Several are put back one after the
   * other, the last one first, with no `pop` or `push` in between.
   */
  unpop(buffer: VirtqueueBuffer): void;
  /**
   * Gives a buffer back, in any order; `written` bytes of its writable part hold data. Buffers from before a reset are
   * dropped in silence.
   */
  push(buffer: VirtqueueBuffer, written: number): void;
  /** Interrupts the driver if it asked to be told of what was pushed. Once for a batch of pushes. */
  notify(): void;
  /** Whether the driver shall kick for new buffers; while `false` the device polls. True after reset. */
  wantKicks(wanted: boolean): void;
}

/**
 * A chain of descriptors as two byte strings in guest RAM: what the device reads, then what it writes. Offsets are
 * from the start of either; copies stop at its end and return the number of bytes copied.
 *
 * @experimental
 */
export interface VirtqueueBuffer {
  /** Bytes for the device to read. */
  readonly readable: number;
  /** Bytes for the device to write. */
  readonly writable: number;
  /** Copies out of the readable part. */
  read(offset: number, target: Uint8Array): number;
  /** Copies into the writable part. */
  write(offset: number, source: Uint8Array): number;
  /** Live views on the readable part from `offset`, `length` bytes in all; fewer at its end. For host I/O without copying. */
  readViews(offset: number, length: number): readonly Uint8Array[];
  /** The same of the writable part. */
  writeViews(offset: number, length: number): readonly Uint8Array[];
}

/**
 * One VirtIO device. All of its methods are called on the VM's thread and return soon; host I/O continues after them and
 * comes back by `context.vdev.post`.
 *
 * @experimental
 */
export interface VirtioDevice {
  /** Feature bits of the device type that are offered (bits 0–23 and 50 up). */
  readonly features: bigint;
  /** The configuration space; offset and width lie inside `configSize`. */
  readonly configSize: number;
  /** Reads 1, 2 or 4 bytes of the configuration space, as an unsigned little-endian number. */
  readConfig(offset: number, width: 1 | 2 | 4): number;
  /** Absent: nothing in it is writable. */
  writeConfig?(offset: number, width: 1 | 2 | 4, value: number): void;
  /** The driver has set DRIVER_OK: these features hold until the next reset. */
  start(features: bigint): void;
  /** The driver kicked a queue. */
  kicked(queue: number): void;
  /** Forget everything that the driver said; outstanding host I/O is dropped or finishes unseen. */
  reset(): void;
  /** As `Vdev.quiesce`: resolves when the host works on no buffer any more. */
  quiesce?(): Promise<void>;
  /**
   * State that the type adds to a snapshot; queues and registers are the transport's. Buffers in flight must have been pushed, after
   * `quiesce` at the latest, or be put back.
   */
  save(): Json;
  /**
   * Takes over what `save` gave, which may come from anywhere: check all of it before anything changes. The queues are
   * not to be used. When the driver had started the device, `start` follows, then a `kicked` for each queue.
   *
   * @throws VdevStateError
   */
  restore(state: Json): void;
  /** The device's part of `qvm vdevstat`, as JSON. */
  status(): Readonly<Record<string, Json>>;
  /** As `Vdev.dispose`. */
  dispose(): void | Promise<void>;
}
