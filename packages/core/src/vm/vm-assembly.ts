import type { Machine, VmRequest } from '../architecture/architecture.js';
import { machineOf } from '../board/places.js';
import { mapEmptyPlaces } from '../board/empty-places.js';
import { InstructionClock } from '../clock/instruction-clock.js';
import { RealTimeClock } from '../clock/real-time-clock.js';
import type { VmClock } from '../clock/vm-clock.js';
import { QvmError } from '../errors/qvm-error.js';
import { tappable } from '../hooks/tappable.js';
import { createVmHooks, type VmHooks } from '../hooks/vm-hooks.js';
import { INTERRUPT_WIRING } from '../interrupt/interrupt.js';
import { InterruptBus } from '../interrupt/interrupt-bus.js';
import { silentLogger, type Logger } from '../log/logger.js';
import type { GuestMemory } from '../memory/guest-memory.js';
import { GuestPhysicalMap } from '../memory/guest-physical-map.js';
import { IoPortMap } from '../memory/io-port-map.js';
import { MAXIMUM_MEMORY, WASM_PAGE } from '../memory/memory-limits.js';
import { RamGuestMemory } from '../memory/ram-guest-memory.js';
import { RAM_RESERVATIONS, TopOfRam } from '../memory/ram-reservations.js';
import { MEMORY_SOURCE } from '../memory/memory-pool.js';
import { VmMemory } from '../memory/vm-memory.js';
import type { HookPlugin } from '../plugin/plugin.js';
import type { Token } from '../plugin/token.js';
import { MACHINE_POWER, type MachinePower } from '../power/machine-power.js';
import { endsWithin } from './ends-within.js';
import type { VdevError } from './vdev-error.js';
import { VdevInstance, type VdevHost } from './vdev-instance.js';
import { DEFAULT_UNSUPPORTED } from './unsupported.js';
import { firmwareMemory } from './firmware-memory.js';
import { addRam, bytesOfRam, placeRam, type PlacedRam } from './place-ram.js';
import { placeVdev, type InterruptOwners } from './vdev-placement.js';
import type { ClockSpec, ReserveSpec, VdevSpec, VmOptions } from './vm-options.js';

const MAXIMUM_VCPUS = 255;
const MEBIBYTE = 0x10_0000;
const DEFAULT_DISPOSE_TIMEOUT_MS = 10_000;

/** How the parts of a VM reach the VM. */
export interface VmControl {
  guestStarted(): boolean;
  request(request: VmRequest): void;
  post(task: () => void): void;
  vdevFailed(error: VdevError): void;
}

/** A VM whose parts are joined and that has not started. */
export interface AssembledVm {
  readonly hooks: VmHooks;
  readonly logger: Logger;
  readonly clock: VmClock;
  readonly memory: VmMemory;
  readonly map: GuestPhysicalMap;
  readonly ports: IoPortMap;
  readonly guestMemory: GuestMemory;
  readonly bus: InterruptBus;
  readonly machine: Machine;
  readonly vdevs: readonly VdevInstance[];
  /** Services of the machine, vdevs and the host, by token. */
  readonly service: <T>(token: Token<T>) => T | undefined;
}

/**
 * Builds the parts of a VM, always in this order: memory, map and RAM, interrupt bus, machine, vdevs (implicit ones
 * first), places that no vdev took, plugins.
 */
export function assembleVm(options: VmOptions, control: VmControl): AssembledVm {
  checkOptions(options);
  const ram = placeRam([...options.ram, ...firmwareMemory(options)], options.board.ram);
  const memory = createMemory(options, ram);
  try {
    return assembleIn(memory, ram, options, control);
  } catch (error) {
    memory.release();
    throw error;
  }
}

function assembleIn(memory: VmMemory, ram: readonly PlacedRam[], options: VmOptions, control: VmControl): AssembledVm {
  const hooks = createVmHooks(options.name);
  const logger = options.logger ?? silentLogger;
  const clock = createClock(options.clock);
  const map = new GuestPhysicalMap(memory);
  const ports = new IoPortMap();
  const { board } = options;
  for (const { name, base, size } of board.reserved ?? [])
    map.addReserved(`${name} of the board ${board.name}`, base, size);
  addRam(ram, map, memory);
  const reserved = reserve(map, options.reserve ?? []);
  let machine: Machine | undefined;
  const guestMemory = new RamGuestMemory(map, memory, (base, size) => machine?.invalidateCode(base, size));
  const bus = new InterruptBus(options.vcpus, hooks);
  const request = (wanted: VmRequest): void => control.request(wanted);
  const power: MachinePower = {
    powerOff: () => request({ kind: 'poweroff' }),
    reset: () => request({ kind: 'reset' }),
  };
  const services = new Map<symbol, unknown>([
    [INTERRUPT_WIRING.key, bus],
    [RAM_RESERVATIONS.key, new TopOfRam(map)],
    [MACHINE_POWER.key, power],
  ]);
  const shared = { vcpus: options.vcpus, map, ports, memory, guestMemory, clock, wiring: bus, logger };
  machine = options.architecture.createMachine({
    ...shared,
    name: options.name,
    engine: options.engine ?? 'wasm',
    ...(options.processor === undefined ? {} : { processor: options.processor }),
    board,
    unsupported: { ...DEFAULT_UNSUPPORTED, ...options.unsupported },
    hooks,
    request,
    provide: <T>(token: Token<T>, value: T) => void services.set(token.key, value),
  });
  // A token's key stands for its type, and the value was stored under the same token.
  const service = <T>(token: Token<T>): T | undefined =>
    (services.get(token.key) as T | undefined) ?? options.service?.(token);
  const host: VdevHost = {
    ...shared,
    vm: options.name,
    vdevMachine: machineOf(board),
    openCharacterBackend: options.openCharacterBackend ?? refuseBackend,
    mappingChanged: (base, size) => machine?.mappingChanged(base, size),
    guestStarted: () => control.guestStarted(),
    attachment: service,
    offer: (token, value) => {
      if (services.has(token.key)) return false;
      services.set(token.key, value);
      return true;
    },
    post: (task) => control.post(task),
    request,
    vdevFailed: (error) => control.vdevFailed(error),
  };
  const vdevs = createVdevs(host, options, reserved);
  try {
    mapEmptyPlaces(board, map);
    applyPlugins(options, hooks, machine);
  } catch (error) {
    void disposeVdevs(vdevs, options);
    throw error;
  }
  return { hooks, logger, clock, memory, map, ports, guestMemory, bus, machine, vdevs, service };
}

/** Releases vdevs, last made first, and waits for those that need time; a vdev that needs too much is named in a warning. */
export async function disposeVdevs(
  vdevs: readonly VdevInstance[],
  { logger = silentLogger, disposeTimeoutMs = DEFAULT_DISPOSE_TIMEOUT_MS }: VmOptions,
): Promise<void> {
  const dispose = async (vdev: VdevInstance): Promise<void> => {
    if (await endsWithin(vdev.dispose(logger), disposeTimeoutMs)) return;
    const seconds = disposeTimeoutMs / 1000;
    logger.log(
      'warn',
      `The vdev ${vdev.name} still holds resources of the host after ${seconds} s: nobody waits for it.`,
    );
  };
  await Promise.all([...vdevs].reverse().map(dispose));
}

function checkOptions({ name, vcpus, ram, architecture, board }: VmOptions): void {
  if (board.architecture !== architecture.name) {
    throw new QvmError(
      'vm.board',
      `The board ${board.name} is for ${board.architecture} guests, and the VM ${name} is for ${architecture.name}.`,
    );
  }
  if (!Number.isInteger(vcpus) || vcpus < 1 || vcpus > MAXIMUM_VCPUS) {
    throw new QvmError('vm.vcpus', `The VM ${name} cannot have ${vcpus} vCPUs: 1 to ${MAXIMUM_VCPUS} are possible.`);
  }
  if (ram.length === 0) throw new QvmError('vm.no-ram', `The VM ${name} has no RAM.`);
}

/** A slice of the host's pool for a VM that may share memory; else a memory of its own. */
function createMemory(options: VmOptions, ram: readonly PlacedRam[]): VmMemory {
  const bytes = memoryBytes(options, ram);
  const machine = machineOf(options.board);
  const shares = options.vdevs.some(
    ({ factory, options: values }) =>
      factory.resources(values, machine).windows?.some(({ bus }) => bus !== true) === true,
  );
  const source = shares ? options.service?.(MEMORY_SOURCE) : undefined;
  return source?.vmMemory(bytes) ?? new VmMemory(bytes);
}

function createClock(spec: ClockSpec | undefined): VmClock {
  return spec?.kind === 'icount' ? new InstructionClock(spec.nanosecondsPerInstruction) : new RealTimeClock(spec?.host);
}

/**
 * Bytes for the engine, for every range of RAM with its alignment, for vdevs with memory of their own, and for the lowest page, which
 * stays unused.
 */
function memoryBytes(options: VmOptions, ram: readonly PlacedRam[]): number {
  const { name, architecture, vcpus } = options;
  const ramBytes = bytesOfRam(ram);
  const ofVdevs = vdevBytes(options);
  const withEngine = (bytes: number): number =>
    WASM_PAGE + architecture.engineBytes(vcpus, bytes) + WASM_PAGE * ram.length + bytes + ofVdevs;
  if (withEngine(ramBytes) <= MAXIMUM_MEMORY) return withEngine(ramBytes);
  const most = mostMebibytes((mebibytes) => withEngine(mebibytes * MEBIBYTE) <= MAXIMUM_MEMORY);
  throw new QvmError(
    'memory.too-large',
    `The VM ${name} has ${Math.ceil(ramBytes / MEBIBYTE)} MiB of RAM and ROM; with ${vcpus} vCPUs, ${most} MiB are possible.`,
  );
}

/** Bytes of the vdevs' own memory; each begins at a multiple of 64 KiB. */
function vdevBytes({ vdevs, board }: VmOptions): number {
  const machine = machineOf(board);
  const sizes = vdevs.flatMap(({ factory, options }) =>
    (factory.resources(options, machine).memory ?? []).map(({ size }) => WASM_PAGE + size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The largest number that fits. */
function mostMebibytes(fits: (mebibytes: number) => boolean): number {
  let [low, high] = [0, Math.ceil(MAXIMUM_MEMORY / MEBIBYTE)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Keeps addresses from the vdevs; gives the interrupts that are kept. */
function reserve(map: GuestPhysicalMap, specs: readonly ReserveSpec[]): InterruptOwners {
  const owners: InterruptOwners = new Map();
  for (const spec of specs) {
    if ('irq' in spec) owners.set(spec.irq, 'a reservation');
    else map.addReserved('a reservation', spec.base, spec.size);
  }
  return owners;
}

function refuseBackend(designator: string): never {
  throw new QvmError('vm.no-backend', `This host opens no character back end, so not "${designator}" either.`);
}

/**
 * The vdevs to make, in order: implicit types, those that others require, the named ones, then a console if none is
 * named.
 */
function listVdevs(options: VmOptions): readonly VdevSpec[] {
  const { defaultConsole, firmware } = options.board;
  const ofFirmware = options.firmwareBytes === undefined ? [] : (firmware?.vdevs ?? []);
  const implicitVdevs = [...options.board.implicitVdevs, ...ofFirmware];
  const ofType = (type: string): readonly VdevSpec[] => options.vdevs.filter((spec) => spec.factory.type === type);
  const implicit = implicitVdevs.flatMap((type) => {
    const named = ofType(type);
    return named.length !== 0 ? named : [implicitVdev(options, type)];
  });
  const explicit = options.vdevs.filter((spec) => !implicitVdevs.includes(spec.factory.type));
  const console =
    defaultConsole === undefined || options.vdevs.some(({ factory }) => factory.console === true)
      ? undefined
      : options.implicitVdev?.(defaultConsole);
  const others = [...explicit, ...(console === undefined ? [] : [console])];
  return [...implicit, ...requiredFirst(options, implicit, others)];
}

/** Moves the vdevs that others require before them, and adds those of which none is named. */
function requiredFirst(
  options: VmOptions,
  implicit: readonly VdevSpec[],
  specs: readonly VdevSpec[],
): readonly VdevSpec[] {
  const machine = machineOf(options.board);
  const words = new Set(
    [...implicit, ...specs].flatMap((spec) => spec.factory.resources(spec.options, machine).requires ?? []),
  );
  const serves = (spec: VdevSpec, word: string): boolean =>
    spec.factory.type === word || spec.factory.resources(spec.options, machine).role === word;
  const missing = [...words].filter((word) => ![...implicit, ...specs].some((spec) => serves(spec, word)));
  const required = specs.filter((spec) => [...words].some((word) => serves(spec, word)));
  const made = missing.map((type) => implicitVdev(options, type));
  return [...made, ...required, ...specs.filter((spec) => !required.includes(spec))];
}

function implicitVdev({ name, board, implicitVdev: make }: VmOptions, type: string): VdevSpec {
  const spec = make?.(type);
  if (spec === undefined) {
    throw new QvmError(
      'vdev.unknown-type',
      `The VM ${name} needs a vdev ${type} (board ${board.name}); none is known.`,
    );
  }
  return spec;
}

function createVdevs(host: VdevHost, options: VmOptions, owners: InterruptOwners): readonly VdevInstance[] {
  const vdevs: VdevInstance[] = [];
  const { board } = options;
  const counts = new Map<string, number>();
  try {
    for (const spec of listVdevs(options)) {
      try {
        const name = vdevName(spec, counts, vdevs);
        const resources = spec.factory.resources(spec.options, host.vdevMachine);
        requireArchitecture(name, spec.factory, board.architecture);
        const asking = { name, type: spec.factory.type, resources, options: spec.options };
        const placement = placeVdev(asking, { board, map: host.map, ports: host.ports, owners });
        vdevs.push(new VdevInstance(host, name, spec, resources, placement));
      } catch (error) {
        if (options.vdevRefused === undefined) throw error;
        options.vdevRefused(error);
      }
    }
  } catch (error) {
    void disposeVdevs(vdevs, options);
    throw error;
  }
  return vdevs;
}

/** Refuses a part of other processors. */
function requireArchitecture(name: string, { type, architecture }: VdevSpec['factory'], guests: string): void {
  if (architecture === undefined || architecture === guests) return;
  throw new QvmError(
    'vdev.architecture',
    `The vdev ${name} (${type}) is a device of another architecture: it is part of ${architecture} processors, and the VM's are ${guests}.`,
  );
}

function vdevName({ factory, options }: VdevSpec, counts: Map<string, number>, vdevs: readonly VdevInstance[]): string {
  const instance = counts.get(factory.type) ?? 0;
  counts.set(factory.type, instance + 1);
  const name = options.name ?? `${factory.type}-${instance}`;
  if (vdevs.some((other) => other.name === name)) {
    throw new QvmError('vdev.duplicate-name', `Two vdevs are named ${name}.`);
  }
  return name;
}

function applyPlugins({ name, plugins, architecture }: VmOptions, hooks: VmHooks, machine: Machine): void {
  const vm = { name, hooks: tappable(hooks) };
  for (const plugin of plugins ?? []) applyPlugin(plugin, vm);
  const kinds = architecture.hookKinds;
  for (const vcpu of machine.vcpus) hooks.vcpuCreated.call({ vcpu, hooks: tappable(vcpu.hooks), kinds });
}

function applyPlugin(plugin: HookPlugin, vm: Parameters<HookPlugin['apply']>[0]): void {
  try {
    plugin.apply(vm);
  } catch (cause) {
    throw new QvmError('plugin.failed', `The plugin ${plugin.name} failed on the VM ${vm.name}.`, { cause });
  }
}
