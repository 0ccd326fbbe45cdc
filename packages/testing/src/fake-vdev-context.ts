import type { Board, ResolvedPlace } from '@qvm/core/board';
import { machineOf, placesFor } from '@qvm/core/board';
import { virt } from '@qvm/boards';
import { QvmError } from '@qvm/core';
import { MACHINE_POWER } from '@qvm/core/services';
import type { Token } from '@qvm/core';
import type { DeviceMemory, MessageSink, MmioHandler, VdevContext, VdevMachine, VdevResources } from '@qvm/core/vdev';
import { CollectingLogger } from './collecting-logger.js';
import { FakeGuestMemory } from './fake-guest-memory.js';
import { FakeInterruptLine } from './fake-interrupt-line.js';
import { FakeMemoryWindow } from './fake-memory-window.js';
import { ManualClock } from './manual-clock.js';
import { ScriptedCharacterBackend } from './scripted-character-backend.js';

/** Largest number of posted tasks in one `runPosted`. */
const MAX_POSTED = 10_000;
/** First address for ranges that the board does not know. */
const FIRST_FREE_BASE = 0x1000_0000;
/** First port for ranges that the board does not know. */
const FIRST_FREE_PORT = 0x1000;
const FIRST_FREE_INTERRUPT = 64;
const FIRST_FREE_WINDOW = 0x1_0000_0000;
const WINDOW_ALIGNMENT = 0x20_0000;

/**
 * Options of a {@link FakeVdevContext}; all have defaults.
 *
 * @experimental
 */
export interface FakeVdevContextOptions {
  /** Default `vdev-0`. */
  readonly name?: string;
  /** Default `vm`. */
  readonly vm?: string;
  /** Default 1. */
  readonly vcpus?: number;
  /** Guest memory. Default: 64 KiB of RAM. */
  readonly memory?: FakeGuestMemory;
  /** Virtual time. Default: a clock that stands at 0. */
  readonly clock?: ManualClock;
  /** The resources that the vdev needs; the context has its ranges and lines. */
  readonly resources?: VdevResources;
  /** Type of the vdev, for the lookup of its places on the board. */
  readonly type?: string;
  /** Board with the places of ranges and lines. Default `virt`. */
  readonly board?: Board;
}

/**
 * A context for one vdev outside of a VM, which a test can inspect and control completely.
 *
 * @experimental
 */
export class FakeVdevContext implements VdevContext {
  /** Name of the vdev. */
  readonly name: string;
  /** Name of the VM. */
  readonly vm: string;
  /** The machine of the board. */
  readonly machine: VdevMachine;
  /** Number of vCPUs. */
  readonly vcpus: number;
  /** Guest memory, which a test can fill and inspect. */
  readonly memory: FakeGuestMemory;
  /** Virtual time, which a test advances. */
  readonly clock: ManualClock;
  /** All that the vdev has logged. */
  readonly logger = new CollectingLogger();
  /** First address of each requested range, by name. */
  readonly mmioBase: Readonly<Record<string, number>>;
  /** First port of each requested range of I/O ports, by name. */
  readonly portBase: Readonly<Record<string, number>>;
  /** Numbers of the requested interrupts, by name. */
  readonly interruptNumber: Readonly<Record<string, number>>;
  /** The lines of the requested interrupts, by name. */
  readonly interrupts: ReadonlyMap<string, FakeInterruptLine>;
  /** The requested windows, by name. */
  readonly windows: ReadonlyMap<string, FakeMemoryWindow>;
  /** Lines that `privateInterrupt` has returned, oldest first. */
  readonly privateInterrupts: FakeInterruptLine[] = [];
  /** The message interrupts that the vdev has sent, oldest first. */
  readonly sentMessages: {
    /** Guest-physical address. */
    readonly address: number;
    /** The 32 bits that were written. */
    readonly data: number;
  }[] = [];
  /** The opened back ends, by designator. */
  readonly backends = new Map<string, ScriptedCharacterBackend>();
  /** Calls of `terminate`. */
  readonly terminations: {
    /** Exit code of the VM. */
    readonly exitCode: number;
    /** The reason that the vdev gave. */
    readonly reason: string;
  }[] = [];
  /** The services that the vdev offers, by the token's key. */
  readonly offers = new Map<symbol, unknown>();
  /** Calls to `MACHINE_POWER`, oldest first. */
  readonly powerRequests: ('power-off' | 'reset')[] = [];
  readonly #ownMemory: ReadonlyMap<string, DeviceMemory>;
  readonly #attachments = new Map<symbol, unknown>();
  readonly #posted: (() => void)[] = [];
  #started = false;

  constructor(options: FakeVdevContextOptions = {}) {
    this.name = options.name ?? 'vdev-0';
    this.vm = options.vm ?? 'vm';
    this.vcpus = options.vcpus ?? 1;
    this.memory = options.memory ?? new FakeGuestMemory();
    this.clock = options.clock ?? new ManualClock();
    const { resources = {}, type = '', board = virt } = options;
    this.machine = machineOf(board);
    const [place] = placesFor(board, type, resources);
    this.mmioBase = placeRanges(resources.mmio, place?.mmio, { first: FIRST_FREE_BASE, granule: 0x1000 });
    this.portBase = placeRanges(resources.ports, place?.ports, { first: FIRST_FREE_PORT, granule: 0x10 });
    this.interrupts = placeInterrupts(resources, place?.interrupts);
    this.interruptNumber = Object.fromEntries([...this.interrupts].map(([line, { number }]) => [line, number]));
    this.windows = placeWindows(options.resources ?? {});
    this.#ownMemory = new Map(
      (resources.memory ?? []).map(({ name, size }) => [name, { bytes: new Uint8Array(size) }]),
    );
    this.attach(MACHINE_POWER, {
      powerOff: () => void this.powerRequests.push('power-off'),
      reset: () => void this.powerRequests.push('reset'),
    });
  }

  ownMemory(name: string): DeviceMemory {
    const memory = this.#ownMemory.get(name);
    if (memory === undefined) throw new QvmError('testing.memory', `the vdev did not request memory ${name}`);
    return memory;
  }

  handler(handler: MmioHandler): MmioHandler {
    return handler;
  }

  window(name: string): FakeMemoryWindow {
    const window = this.windows.get(name);
    if (window === undefined) throw new QvmError('testing.window', `the vdev did not request a window ${name}`);
    return window;
  }

  interrupt(name: string): FakeInterruptLine {
    const line = this.interrupts.get(name);
    if (line === undefined) {
      throw new QvmError('testing.interrupt', `the vdev did not request an interrupt ${name}`);
    }
    return line;
  }

  privateInterrupt(number: number, vcpu: number): FakeInterruptLine {
    this.#requireStartup('privateInterrupt');
    const line = new FakeInterruptLine(number, vcpu);
    this.privateInterrupts.push(line);
    return line;
  }

  messages(): MessageSink {
    this.#requireStartup('messages');
    return { message: (address, data) => void this.sentMessages.push({ address, data }) };
  }

  openCharacterBackend(designator: string): ScriptedCharacterBackend {
    this.#requireStartup('openCharacterBackend');
    const backend = this.backends.get(designator) ?? new ScriptedCharacterBackend();
    this.backends.set(designator, backend);
    return backend;
  }

  attachment<T>(token: Token<T>): T {
    if (!this.#attachments.has(token.key)) {
      throw new QvmError('vdev.attachment-missing', `nothing is attached for ${token.description}`);
    }
    return this.#attachments.get(token.key) as T;
  }

  optionalAttachment<T>(token: Token<T>): T | undefined {
    return this.#attachments.get(token.key) as T | undefined;
  }

  offer<T>(token: Token<T>, value: T): void {
    this.#requireStartup('offer');
    if (this.offers.has(token.key)) {
      throw new QvmError('vdev.offer-taken', `the vdev offers ${token.description} twice`);
    }
    this.offers.set(token.key, value);
  }

  post(task: () => void): void {
    this.#posted.push(task);
  }

  terminate(exitCode: number, reason: string): void {
    if (!Number.isInteger(exitCode) || exitCode < 0 || exitCode > 255) {
      throw new QvmError('vdev.exit-code', `${exitCode} is no exit code`);
    }
    this.terminations.push({ exitCode, reason });
  }

  /** Provides `value` to the vdev under a token. */
  attach<T>(token: Token<T>, value: T): void {
    this.#attachments.set(token.key, value);
  }

  /** Ends the startup phase: methods marked *startup* throw QvmError `vdev.phase` from now on. */
  start(): void {
    this.#started = true;
  }

  /**
   * Runs the posted tasks and those that they post; returns the number of tasks that ran.
   *
   * @throws QvmError `testing.post-loop` when tasks keep posting.
   */
  runPosted(): number {
    let count = 0;
    for (let task = this.#posted.shift(); task !== undefined; task = this.#posted.shift()) {
      if (++count > MAX_POSTED) {
        throw new QvmError('testing.post-loop', `more than ${MAX_POSTED} tasks were posted`);
      }
      task();
    }
    return count;
  }

  #requireStartup(method: string): void {
    if (this.#started) {
      throw new QvmError('vdev.phase', `${method} may only be called while the vdev is created`);
    }
  }
}

function placeRanges(
  requests: readonly { readonly name: string; readonly size: number }[] = [],
  known: Readonly<Record<string, number>> = {},
  { first, granule }: { readonly first: number; readonly granule: number },
): Readonly<Record<string, number>> {
  let next = first;
  const bases: Record<string, number> = {};
  for (const { name, size } of requests) {
    bases[name] = known[name] ?? next;
    next += Math.ceil(size / granule) * granule;
  }
  return bases;
}

function placeWindows(resources: VdevResources): ReadonlyMap<string, FakeMemoryWindow> {
  let next = FIRST_FREE_WINDOW;
  const place = (size: number): number => {
    const base = next;
    next += Math.ceil(size / WINDOW_ALIGNMENT) * WINDOW_ALIGNMENT;
    return base;
  };
  const requests = resources.windows ?? [];
  return new Map(requests.map(({ name, size, base }) => [name, new FakeMemoryWindow(base ?? place(size), size)]));
}

function placeInterrupts(
  resources: VdevResources,
  known: ResolvedPlace['interrupts'] = {},
): ReadonlyMap<string, FakeInterruptLine> {
  return new Map(
    (resources.interrupts ?? []).map(({ name }, index) => [
      name,
      new FakeInterruptLine(known[name] ?? FIRST_FREE_INTERRUPT + index),
    ]),
  );
}
