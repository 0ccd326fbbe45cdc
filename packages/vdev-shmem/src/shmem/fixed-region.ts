import { QvmError } from '@qvm/core';
import { SHARED_MEMORY } from '@qvm/core/services';
import { requireBoolean, requireObject, requireVersion } from '@qvm/core/vdev';
import type { PciAddress } from '@qvm/pci';
import type { Json } from '@qvm/core';
import type { SharedMemoryHold, SharedMemoryRegistry } from '@qvm/core/services';
import type {
  DeviceTreeContext,
  DeviceTreeNode,
  MemoryWindow,
  MmioHandler,
  Vdev,
  VdevContext,
  VdevState,
} from '@qvm/core/vdev';
import { Connection, indexOf, ownerOf, statusOf } from './connection.js';
import { CONTROL_BYTES, controlPage, type ControlOperations } from './control-page.js';
import { connectRegisters, type GuestPort } from './guest-port.js';

const STATE_VERSION = 1;

/** Configuration of a region that is mapped into the guest from the start. */
export interface FixedRegionOptions {
  readonly region: string;
  readonly bytes: number;
  /** Role: the server creates the region; a client may start before it and waits. */
  readonly role: 'server' | 'client';
  /** Place on a PCI bus, where it is a function of one. Absent: the first free one. */
  readonly pci: PciAddress | undefined;
}

/** Name of the range of registers. */
export const CONTROL_RANGE = 'control';

/** A shared region at a fixed address, with one control page. */
export class FixedRegion implements Vdev, ControlOperations {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly #context: VdevContext;
  readonly #options: FixedRegionOptions;
  readonly #registry: SharedMemoryRegistry;
  readonly #window: MemoryWindow;
  readonly #port: GuestPort;
  readonly #unwatch: () => void;
  readonly #hold: SharedMemoryHold | undefined;
  #connection: Connection | undefined;
  /** Whether the guest has detached. */
  #detached = false;

  /** @throws QvmError errors of {@link SharedMemoryRegistry.create} and `attach`. */
  constructor(context: VdevContext, options: FixedRegionOptions) {
    this.#context = context;
    this.#options = options;
    this.#registry = context.attachment(SHARED_MEMORY);
    this.#window = context.window('data');
    const { region, bytes, role, pci } = options;
    const registers = { range: CONTROL_RANGE, size: CONTROL_BYTES, handler: controlPage(this) };
    this.#port = connectRegisters(context, registers, pci);
    this.mmio = this.#port.mmio;
    this.#hold = role === 'server' ? this.#registry.create(region, bytes, ownerOf(context)) : undefined;
    this.#unwatch = this.#registry.watch((name) => this.#created(name));
    try {
      this.#connect();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  reset(): void {
    this.#disconnect();
    this.#port.reset();
    this.#detached = false;
    this.#connect();
  }

  save(): VdevState {
    return { version: STATE_VERSION, state: { detached: this.#detached, ...this.#port.save() } };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['detached', ...this.#port.members], 'shmem state');
    const detached = requireBoolean(state['detached'], 'detached');
    const loadPort = this.#port.decode(state);
    this.#detached = detached;
    loadPort();
    if (this.#detached) this.#disconnect();
    else this.#connect();
  }

  status(): Readonly<Record<string, Json>> {
    const { region, bytes, role } = this.#options;
    return { ...this.#port.status(), role, region, bytes, connection: this.#connection?.status ?? null };
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const { region, bytes, role } = this.#options;
    const control = this.#port.base;
    // A bus is searched for its functions.
    if (control === undefined) return [];
    const { base } = this.#window;
    return [
      {
        name: `shared-memory@${base.toString(16)}`,
        properties: {
          compatible: ['qvm,shmem', 'generic-uio'],
          reg: { cells: [...context.reg(base, bytes), ...context.reg(control, CONTROL_BYTES)] },
          'reg-names': ['data', 'control'],
          interrupts: { cells: context.interruptCells(this.#port.interrupt, 'level') },
          'qvm,region': region,
          'qvm,role': role,
        },
      },
    ];
  }

  dispose(): void {
    this.#unwatch();
    this.#disconnect();
    this.#hold?.release();
  }

  takeStatus(): number {
    return statusOf(this.#connection);
  }

  index(): number {
    return indexOf(this.#connection);
  }

  notify(clients: number): void {
    this.#connection?.attachment.notify(clients);
  }

  dataAddress(): number {
    return this.#window.base;
  }

  dataSize(): number {
    return this.#options.bytes;
  }

  detach(): void {
    this.#detached = true;
    this.#disconnect();
  }

  /**
   * Called when the region that a client waits for has been created: notifies the guest, although no client has rung
   * yet.
   */
  #created(name: string): void {
    if (name !== this.#options.region) return;
    this.#context.post(() => {
      if (this.#connection !== undefined || this.#detached) return;
      try {
        this.#connect();
      } catch (error) {
        if (!(error instanceof QvmError)) throw error;
        this.#context.logger.log('error', error.message);
      }
      // Set by #connect.
      (this.#connection as Connection | undefined)?.raise(true);
    });
  }

  /** Attaches, if the region exists. */
  #connect(): void {
    if (this.#connection !== undefined) return;
    const { region, bytes } = this.#options;
    const connection = this.#attach();
    if (connection === undefined) return;
    try {
      const { slice, bytes: found } = connection.attachment;
      if (found !== bytes) {
        throw new QvmError('shmem.size', `The shared region ${region} has ${found} bytes, not ${bytes}.`);
      }
      this.#window.map(0, slice, { bytes });
    } catch (error) {
      connection.detach();
      throw error;
    }
    this.#connection = connection;
  }

  #attach(): Connection | undefined {
    try {
      const changed = (): void => this.#port.setInterrupt(this.#connection?.raised === true);
      return new Connection(this.#registry, this.#options.region, this.#context, changed);
    } catch (error) {
      if (error instanceof QvmError && error.code === 'shmem.unknown') return undefined;
      throw error;
    }
  }

  #disconnect(): void {
    // Unmapped first: the guest must not be able to access the region when it has another owner.
    this.#window.clear();
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.detach();
  }
}
