import { QvmError } from '@qvm/core';
import { HYPERCALLS, SHARED_MEMORY } from '@qvm/core/services';
import { requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
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
import { isRegionName } from '../registry/region-name.js';
import { ownerOf } from './connection.js';
import { FactoryConnection, type ConnectionPlace } from './factory-connection.js';
import { FACTORY_BYTES, FactoryPage, FactoryStatus, type FactoryOperations } from './factory-page.js';
import { connectRegisters, type GuestPort } from './guest-port.js';
import type { Permissions } from './permissions.js';
import { addRegionCalls, type CallableFactory, type Connected } from './region-calls.js';

const STATE_VERSION = 1;
const PAGE = 0x1000;
/** Largest number of connections of one guest. */
const MOST_CONNECTIONS = 64;

/** Statuses for error codes that have one. */
const STATUS_OF: Readonly<Record<string, FactoryStatus>> = {
  'shmem.clients': FactoryStatus.ClientMax,
  'shmem.name': FactoryStatus.IllegalName,
  'shmem.limit': FactoryStatus.NoMemory,
  'memory.exhausted': FactoryStatus.NoMemory,
  'shmem.unknown': FactoryStatus.DoesNotExist,
};

/** Configuration of a factory. */
export interface RegionFactoryOptions {
  /** Regions to be created before the guest starts. */
  readonly create: readonly { readonly name: string; readonly bytes: number }[];
  readonly permissions: Permissions;
  /** Place on a PCI bus, where it is a function of one. Absent: the first free one. */
  readonly pci: PciAddress | undefined;
}

/** Name of the range of registers. */
export const FACTORY_RANGE = 'factory';

/** Shared memory that the guest itself requests, with the factory and control pages that QNX guests know. */
export class RegionFactory implements Vdev, FactoryOperations, ConnectionPlace, CallableFactory {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly context: VdevContext;
  readonly registry: SharedMemoryRegistry;
  readonly window: MemoryWindow;
  readonly #page = new FactoryPage(this as FactoryOperations);
  readonly #permissions: Permissions;
  readonly #port: GuestPort;
  readonly #holds: readonly SharedMemoryHold[];
  #connections: readonly FactoryConnection[] = [];
  /** The connection of the last command. */
  #current: FactoryConnection | undefined;
  #status = FactoryStatus.Ok;

  /** @throws QvmError errors of {@link SharedMemoryRegistry.create}. */
  constructor(context: VdevContext, options: RegionFactoryOptions) {
    this.context = context;
    this.registry = context.attachment(SHARED_MEMORY);
    this.window = context.window('regions');
    this.#permissions = options.permissions;
    const registers = { range: FACTORY_RANGE, size: FACTORY_BYTES, handler: this.#page };
    this.#port = connectRegisters(context, registers, options.pci);
    this.mmio = this.#port.mmio;
    this.#holds = createAll(this.registry, options.create, context);
    const calls = context.optionalAttachment(HYPERCALLS);
    if (calls !== undefined) addRegionCalls(calls, context.name, this as CallableFactory);
  }

  get taken(): readonly FactoryConnection[] {
    return this.#connections;
  }

  reset(): void {
    this.#disconnect();
    this.#page.reset();
    this.#port.reset();
    this.#status = FactoryStatus.Ok;
  }

  /**
   * Connections are not part of the state, because shared regions also belong to others. A snapshot has the registers.
   */
  save(): VdevState {
    return {
      version: STATE_VERSION,
      state: { registers: this.#page.save(), status: this.#status, ...this.#port.save() },
    };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['registers', 'status', ...this.#port.members], 'shmem state');
    const registers = this.#page.decode(state['registers']);
    const status = requireUnsigned(state['status'], FactoryStatus.DoesNotExist, 'status');
    const loadPort = this.#port.decode(state);
    this.#status = status;
    this.#page.load(registers);
    loadPort();
  }

  status(): Readonly<Record<string, Json>> {
    const connections = this.#connections.map(({ address, connection }) => ({ address, ...connection.status }));
    const lastCommand = FactoryStatus[this.#status] ?? this.#status;
    return { ...this.#port.status(), lastCommand, connections };
  }

  commandStatus(): number {
    return this.#status;
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const { base, interrupt } = this.#port;
    // A bus is searched for its functions.
    if (base === undefined) return [];
    return [
      {
        name: `shared-memory-factory@${base.toString(16)}`,
        properties: {
          compatible: ['qvm,guest-shm', 'generic-uio'],
          reg: { cells: context.reg(base, FACTORY_BYTES) },
          interrupts: { cells: context.interruptCells(interrupt, 'level') },
        },
      },
    ];
  }

  dispose(): void {
    this.#disconnect();
    for (const hold of this.#holds) hold.release();
  }

  controlAddress(): number {
    return this.#current?.address ?? 0;
  }

  vector(): number {
    return this.#port.interrupt;
  }

  createOrAttach(pages: number): void {
    const { status, connection } = this.connect(this.#page.name, pages * PAGE);
    this.#current = connection;
    this.#status = status;
  }

  find(index: number): void {
    this.#current = this.#connections[index];
    this.#status = this.#current === undefined ? FactoryStatus.DoesNotExist : FactoryStatus.Ok;
    if (this.#current !== undefined) this.#page.name = this.#current.connection.attachment.name;
  }

  changed(): void {
    this.#port.setInterrupt(this.#connections.some(({ connection }) => connection.raised));
  }

  gone(connection: FactoryConnection): void {
    this.#connections = this.#connections.filter((other) => other !== connection);
    if (this.#current === connection) this.#current = undefined;
  }

  connect(name: string, bytes: number): Connected {
    if (!isRegionName(name)) return { status: FactoryStatus.IllegalName };
    if (!this.#permissions.permits(name)) return { status: FactoryStatus.NoPermission };
    if (this.#connections.length >= MOST_CONNECTIONS) return { status: FactoryStatus.NoMemory };
    try {
      const connection = new FactoryConnection(this, name, bytes);
      this.#connections = [...this.#connections, connection];
      return { status: FactoryStatus.Ok, connection };
    } catch (error) {
      if (!(error instanceof QvmError)) throw error;
      this.context.logger.log('debug', `The guest cannot share ${name}: ${error.message}`);
      return { status: STATUS_OF[error.code] ?? FactoryStatus.UnknownFailure };
    }
  }

  #disconnect(): void {
    const connections = this.#connections;
    this.#connections = [];
    this.#current = undefined;
    for (const connection of connections) connection.close();
  }
}

/** Creates all regions, or none. */
function createAll(
  registry: SharedMemoryRegistry,
  regions: RegionFactoryOptions['create'],
  context: VdevContext,
): readonly SharedMemoryHold[] {
  const holds: SharedMemoryHold[] = [];
  try {
    for (const { name, bytes } of regions) holds.push(registry.create(name, bytes, ownerOf(context)));
  } catch (error) {
    for (const hold of holds) hold.release();
    throw error;
  }
  return holds;
}
