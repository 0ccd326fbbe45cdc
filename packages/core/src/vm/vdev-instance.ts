import type { VmRequest } from '../architecture/architecture.js';
import type { Clock } from '../clock/clock.js';
import type { CharacterBackend } from '../console/character-backend.js';
import { QvmError } from '../errors/qvm-error.js';
import type { InterruptLine, InterruptWiring, MessageSink } from '../interrupt/interrupt.js';
import type { Logger } from '../log/logger.js';
import type { GuestMemory } from '../memory/guest-memory.js';
import type { GuestPhysicalMap } from '../memory/guest-physical-map.js';
import type { IoPortMap } from '../memory/io-port-map.js';
import { AllocatedMemory, type DeviceMemory } from '../memory/device-memory.js';
import { MappedWindow } from '../memory/mapped-window.js';
import { WASM_PAGE } from '../memory/memory-limits.js';
import type { MemoryWindow } from '../memory/memory-window.js';
import type { VmMemory } from '../memory/vm-memory.js';
import type { Token } from '../plugin/token.js';
import type { Vdev, VdevContext, VdevFactory, VdevMachine, VdevResources, WindowRequest } from '../vdev/vdev.js';
import type { VdevError } from './vdev-error.js';
import { VdevGuard } from './vdev-guard.js';
import type { VdevPlacement } from './vdev-placement.js';
import type { CharacterBackendOpener, VdevSpec } from './vm-options.js';

/** A process of the host cannot report more. */
const LARGEST_EXIT_CODE = 255;

/**
 * Services of a VM for all of its vdevs; each vdev gets a part of them.
 */
export interface VdevHost {
  readonly vm: string;
  readonly vcpus: number;
  /** The machine that the vdevs are for. */
  readonly vdevMachine: VdevMachine;
  readonly map: GuestPhysicalMap;
  readonly ports: IoPortMap;
  readonly memory: VmMemory;
  readonly guestMemory: GuestMemory;
  readonly clock: Clock;
  readonly wiring: InterruptWiring;
  readonly logger: Logger;
  readonly openCharacterBackend: CharacterBackendOpener;
  /** A range of guest-physical memory leads elsewhere. */
  mappingChanged(base: number, size: number): void;
  /** Whether the guest has been started. */
  guestStarted(): boolean;
  attachment<T>(token: Token<T>): T | undefined;
  /** Whether the token had no value yet. */
  offer<T>(token: Token<T>, value: T): boolean;
  post(task: () => void): void;
  request(request: VmRequest): void;
  vdevFailed(error: VdevError): void;
}

/**
 * A range of guest-physical addresses, or of I/O ports, that a vdev has.
 *
 * @experimental
 */
export interface VdevRange {
  /** As its request calls it. */
  readonly name: string;
  /** First guest-physical address, or first port. */
  readonly base: number;
  /** Bytes, or ports. */
  readonly size: number;
}

/**
 * One vdev of a VM: its placement, its context and its guarded life.
 *
 * @experimental
 */
export class VdevInstance {
  /** Name in the VM, unique. */
  readonly name: string;
  /** The type that it was made by. */
  readonly factory: VdevFactory;
  /** Where its registers and interrupts are. */
  readonly placement: VdevPlacement;
  /** Where its registers are. */
  readonly registers: readonly VdevRange[];
  /** Where its I/O ports are. */
  readonly ports: readonly VdevRange[];
  /** Where its windows are. */
  readonly windows: readonly VdevRange[];
  /** The vdev itself. */
  readonly vdev: Vdev;
  readonly #guard: VdevGuard;
  #disposed = false;

  /**
   * Creates the vdev and maps its registers and ports.
   *
   * @throws {@link VdevError} when the factory throws.
   */
  constructor(host: VdevHost, name: string, spec: VdevSpec, resources: VdevResources, placement: VdevPlacement) {
    this.name = name;
    this.factory = spec.factory;
    this.placement = placement;
    this.registers = placed(resources.mmio, placement.mmioBase);
    this.ports = placed(resources.ports, placement.portBase);
    this.windows = placed(resources.windows, placement.windowBase);
    this.#guard = new VdevGuard(name, (error) => host.vdevFailed(error));
    const windows = createWindows(host, name, resources, placement);
    const memory = allocateMemory(host, resources);
    const context = createContext(host, name, placement, this.#guard, { windows, memory });
    this.vdev = this.#guard.run('create', () => spec.factory.create(context, spec.options));
    try {
      this.#map(host);
    } catch (error) {
      void this.dispose(host.logger);
      throw error;
    }
  }

  /** Runs a method of the vdev; blames it by name when it throws. */
  run<T>(activity: string, action: (vdev: Vdev) => T): T {
    return this.#guard.run(activity, () => action(this.vdev));
  }

  /**
   * Brings the vdev to rest, for `save`.
   *
   * @throws {@link VdevError} when it fails.
   */
  async quiesce(): Promise<void> {
    try {
      await this.vdev.quiesce?.();
    } catch (cause) {
      throw this.#guard.blame('quiesce', cause);
    }
  }

  /**
   * Releases the vdev once; resolves when it has let go of everything. A failure is logged: there is nothing left that it could stop.
   */
  async dispose(logger: Logger): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    try {
      await this.vdev.dispose();
    } catch (cause) {
      logger.log('error', `The vdev ${this.name} failed (dispose): ${String(cause)}`);
    }
  }

  #map({ map, ports }: VdevHost): void {
    const { registers } = this;
    for (const { name: range, base, size } of registers) {
      const handler = this.#handler(this.vdev.mmio?.[range], `${range} registers`);
      map.addMmio(rangeName(this.name, range, registers), base, size, this.#guard.handler(handler));
    }
    for (const { name: range, base, size } of this.ports) {
      const handler = this.#handler(this.vdev.ports?.[range], `${range} ports`);
      ports.add(rangeName(this.name, range, this.ports), base, size, this.#guard.ports(handler));
    }
  }

  /** @throws `QvmError` `vdev.no-handler` when the vdev lacks it. */
  #handler<H>(handler: H | undefined, what: string): H {
    if (handler !== undefined) return handler;
    throw new QvmError('vdev.no-handler', `The vdev ${this.name} has no handler for its ${what}.`);
  }
}

function placed(
  requests: readonly { readonly name: string; readonly size: number }[] = [],
  bases: Readonly<Record<string, number>>,
): readonly VdevRange[] {
  return requests.map(({ name, size }) => ({ name, base: bases[name] ?? 0, size }));
}

/** How errors and listings call a range: by the vdev alone, if it has no other of the kind. */
function rangeName(vdev: string, range: string, requests: readonly unknown[]): string {
  return requests.length === 1 ? vdev : `${vdev}/${range}`;
}

function createWindows(
  host: VdevHost,
  vdev: string,
  { windows = [] }: VdevResources,
  { windowBase }: VdevPlacement,
): ReadonlyMap<string, MemoryWindow> {
  const changed = (base: number, size: number): void => host.mappingChanged(base, size);
  const create = ({ name, size, bus = false }: WindowRequest): readonly [string, MemoryWindow] => {
    const range = { name: rangeName(vdev, name, windows), base: windowBase[name] ?? 0, size, bus };
    return [name, new MappedWindow(host.map, host.memory, range, changed)];
  };
  return new Map(windows.map(create));
}

/** The memory of a vdev's own, by name. */
function allocateMemory({ memory }: VdevHost, resources: VdevResources): ReadonlyMap<string, DeviceMemory> {
  return new Map(
    (resources.memory ?? []).map(({ name, size }) => [
      name,
      new AllocatedMemory(memory, memory.allocate(size, WASM_PAGE), size),
    ]),
  );
}

/** The parts of the guest-physical map and of the VM's memory that are a vdev's. */
interface VdevParts {
  readonly windows: ReadonlyMap<string, MemoryWindow>;
  readonly memory: ReadonlyMap<string, DeviceMemory>;
}

function createContext(
  host: VdevHost,
  name: string,
  placement: VdevPlacement,
  guard: VdevGuard,
  { windows, memory }: VdevParts,
): VdevContext {
  const lines = new Map<string, InterruptLine>();
  const requireStartup = (method: string): void => {
    if (host.guestStarted()) {
      throw new QvmError('vdev.phase', `The vdev ${name} called ${method} after the guest started; call it in create.`);
    }
  };
  const post = (task: () => void): void => host.post(() => guard.run('task', task));
  const connect = (line: string): InterruptLine => {
    const number = placement.interrupts[line];
    if (number === undefined) {
      throw new QvmError('vdev.interrupt', `The vdev ${name} did not ask for an interrupt named ${line}.`);
    }
    return host.wiring.line(number, name);
  };
  return {
    name,
    vm: host.vm,
    machine: host.vdevMachine,
    mmioBase: placement.mmioBase,
    portBase: placement.portBase,
    interruptNumber: placement.interrupts,
    handler: (inner) => guard.handler(inner),
    memory: host.guestMemory,
    clock: guard.clock(host.clock),
    logger: { log: (level, message) => host.logger.log(level, `${name}: ${message}`) },
    vcpus: host.vcpus,
    window(range: string): MemoryWindow {
      const window = windows.get(range);
      if (window === undefined) {
        throw new QvmError('vdev.window', `The vdev ${name} did not ask for a window named ${range}.`);
      }
      return guard.window(window);
    },
    ownMemory(part: string): DeviceMemory {
      const found = memory.get(part);
      if (found === undefined) {
        throw new QvmError('vdev.memory', `The vdev ${name} did not ask for memory named ${part}.`);
      }
      return found;
    },
    interrupt(line: string): InterruptLine {
      const known = lines.get(line) ?? connect(line);
      lines.set(line, known);
      return known;
    },
    privateInterrupt(number: number, vcpu: number): InterruptLine {
      requireStartup('privateInterrupt');
      return host.wiring.privateLine(number, vcpu, name);
    },
    messages(): MessageSink {
      requireStartup('messages');
      return host.wiring.messages(name);
    },
    openCharacterBackend(designator: string): CharacterBackend {
      requireStartup('openCharacterBackend');
      return guard.backend(host.openCharacterBackend(designator, post), (task) => host.post(task));
    },
    optionalAttachment: (token) => host.attachment(token),
    offer<T>(token: Token<T>, value: T): void {
      requireStartup('offer');
      if (host.offer(token, value)) return;
      throw new QvmError('vdev.offer-taken', `The vdev ${name} offers ${token.description}, which is there already.`);
    },
    attachment<T>(token: Token<T>): T {
      const value = host.attachment(token);
      if (value === undefined) {
        throw new QvmError(
          'vdev.attachment-missing',
          `The vdev ${name} needs ${token.description}, which nothing in the VM ${host.vm} offers.`,
        );
      }
      return value;
    },
    post,
    terminate(exitCode: number, reason: string): void {
      if (!Number.isInteger(exitCode) || exitCode < 0 || exitCode > LARGEST_EXIT_CODE) {
        throw new QvmError('vdev.exit-code', `The vdev ${name} ends its VM with ${exitCode}, which is no exit code.`);
      }
      host.request({ kind: 'terminate', exitCode, reason: `${name}: ${reason}` });
    },
  };
}
