import type { Json } from '@qvm/core';
import { hexadecimal, QvmError, type QvmPlugin } from '@qvm/core';
import { DISPLAY, INPUT_DEVICES } from '@qvm/core/services';
import {
  createHypervisor,
  describeError,
  nodeFileSource,
  onOutputLost,
  optimizingCompiler,
  type Hypervisor,
  type VmHandle,
} from '@qvm/sdk';
import { threadTraceControl, type TraceControl } from '@qvm/trace';
import { dumpOnFailure, dumpSource } from '../dump/dump-on-failure.js';
import { writeDump } from '../dump/write-dump.js';
import { placeThread } from '../scheduling/thread-placement.js';
import { ConsoleRelay } from './console-relay.js';
import { withEmbeddedGuest } from './embedded-files.js';
import { importPlugin, pluginFiles } from './import-plugin.js';
import { readMemory, readVirtualMemory } from './read-memory.js';
import type {
  RegisterReport,
  VmCommand,
  VmCommands,
  VmEnd,
  VmLaunch,
  VmStatsReport,
  VmThreadEvent,
} from './messages.js';

type Handlers = {
  readonly [K in VmCommand]: (
    params: VmCommands[K]['params'],
  ) => VmCommands[K]['result'] | Promise<VmCommands[K]['result']>;
};

/** One VM on a thread of its own: makes it and executes commands. */
export class VmSession {
  readonly #tell: (event: VmThreadEvent) => void;
  readonly #plugins: readonly QvmPlugin[];
  readonly #consoles = new Map<string, ConsoleRelay>();
  readonly #handlers: Handlers;
  #vm: VmHandle | undefined;
  #trace: TraceControl | undefined;

  /**
   * @param tell - called with events.
   * @param plugins - plugins that the host adds to every VM.
   */
  constructor(tell: (event: VmThreadEvent) => void, plugins: readonly QvmPlugin[] = []) {
    this.#tell = tell;
    this.#plugins = plugins;
    this.#handlers = this.#createHandlers();
    // The thread has one VM and ends with it, so the listener is never removed.
    onOutputLost((path) => this.#tell({ event: 'outputLost', path }));
  }

  /**
   * Executes a command.
   *
   * @throws QvmError `host.no-vm` before `create`, and the errors of the VM.
   */
  async obey<K extends VmCommand>(command: K, params: VmCommands[K]['params']): Promise<VmCommands[K]['result']> {
    return this.#handlers[command](params);
  }

  /** Reports that `bytes` bytes of a console's output have been processed. */
  taken(stream: string, bytes: number): void {
    this.#consoles.get(stream)?.taken(bytes);
  }

  get #running(): VmHandle {
    if (this.#vm === undefined) throw new QvmError('host.no-vm', 'this thread has no VM yet');
    return this.#vm;
  }

  get #recording(): TraceControl {
    if (this.#trace === undefined) throw new QvmError('trace.not-running', 'No trace is being recorded.');
    return this.#trace;
  }

  #createHandlers(): Handlers {
    return {
      create: (launch) => this.#create(launch),
      start: async () => {
        await this.#running.start();
        return undefined;
      },
      pause: () => done(this.#running.pause()),
      resume: () => done(this.#running.resume()),
      stop: ({ timeoutMs }) => {
        const vm = this.#running;
        if (vm.state !== 'running' && vm.state !== 'paused') refuseStop(vm);
        return done(void vm.stop(timeoutMs));
      },
      destroy: () => done(void this.#running.destroy()),
      stats: () => statsOf(this.#running),
      interrupts: () => this.#running.interruptStatistics(),
      vdevs: () =>
        this.#running.vdevs.map(({ name, type, place, status }) => ({
          name,
          type,
          ...place,
          status: status() as Record<string, Json>,
        })),
      map: () => this.#running.map,
      registers: () => registersOf(this.#running),
      memory: ({ address, length }) => readMemory(this.#running, address, length),
      virtualMemory: ({ vcpu, address, length }) => readVirtualMemory(this.#running, vcpu, address, length),
      dump: async ({ path }) => ({ bytes: await writeDump(path, dumpSource(this.#running)) }),
      input: ({ stream, bytes }) => this.#consoleNamed(stream).input(bytes),
      resize: ({ stream, columns, rows }) => done(this.#consoleNamed(stream).resize(columns, rows)),
      screenshot: () => this.#running.service(DISPLAY)?.capture(),
      type: ({ text }) => typeText(this.#running, text),
      traceStart: async ({ cpu }) => {
        this.#trace ??= threadTraceControl(cpu, () => [this.#running]);
        return done(await this.#trace.start());
      },
      traceRead: () => this.#recording.read(),
      traceStop: async () => done(await this.#recording.stop()),
      ping: () => undefined,
    };
  }

  async #create(launch: VmLaunch): Promise<VmCommands['create']['result']> {
    if (this.#vm !== undefined) throw new QvmError('host.no-vm', 'this thread has a VM already');
    const { cpulist = launch.home?.cpulist, priority = launch.home?.priority } = launch.spec;
    const place = { ...(cpulist && { cpulist }), ...(priority !== undefined && { priority }) };
    for (const message of placeThread(place)) this.#tell({ event: 'log', level: 'warn', message });
    const hypervisor = await this.#openHypervisor(launch);
    const vm = await hypervisor.createVm(
      { spec: launch.spec },
      {
        ...(launch.icount === undefined ? {} : { clock: clockOf(launch.icount) }),
        ...(launch.engine === undefined ? {} : { engine: launch.engine }),
        ...(launch.onReset === undefined ? {} : { onReset: launch.onReset }),
        ...(launch.resetLimit === undefined ? {} : { resetLimit: launch.resetLimit }),
        inputs: pluginFiles(launch.plugins ?? [], launch.pluginBase ?? ''),
        onAnnouncement: (message) => this.#tell({ event: 'announcement', message }),
      },
    );
    this.#vm = vm;
    for (const name of consoleNames(launch)) {
      const send = (bytes: Uint8Array<ArrayBuffer>): void => this.#tell({ event: 'console', stream: name, bytes });
      this.#consoles.set(name, new ConsoleRelay(vm.stream(name), send));
    }
    vm.hooks.stateChanged.tap('qvm host', ({ from, to }) => this.#tell({ event: 'state', from, to }));
    const destination = launch.dumpOnFailure ?? launch.spec.dump;
    if (destination !== undefined)
      dumpOnFailure(vm, destination, (message) => this.#tell({ event: 'log', level: 'info', message }));
    // Deferred until the command that ended it has been answered, because the main thread drops this thread after this
    // event.
    void vm.exit.then((exit) => setImmediate(() => this.#tell({ event: 'end', end: endOf(exit) })));
    return { warnings: vm.warnings };
  }

  async #openHypervisor({ plugins = [], pluginBase = '' }: VmLaunch): Promise<Hypervisor> {
    const loaded = await Promise.all(plugins.map((name) => importPlugin(name, pluginBase)));
    return createHypervisor({
      plugins: [optimizingCompiler(), ...this.#plugins, ...loaded],
      logger: { log: (level, message) => this.#tell({ event: 'log', level, message }) },
      hostFiles: withEmbeddedGuest(nodeFileSource),
    });
  }

  #consoleNamed(stream: string): ConsoleRelay {
    const console = this.#consoles.get(stream);
    if (console !== undefined) return console;
    throw new QvmError(
      'host.no-console',
      `${this.#running.name} has no console "${stream}"; there are ${[...this.#consoles.keys()].join(', ')}`,
    );
  }
}

function clockOf(icount: number | true): { readonly kind: 'icount'; readonly nanosecondsPerInstruction?: number } {
  return icount === true ? { kind: 'icount' } : { kind: 'icount', nanosecondsPerInstruction: icount };
}

/** Names of the consoles: `stdio`, and the streams that vdevs name. */
function consoleNames({ spec }: VmLaunch): ReadonlySet<string> {
  const named = spec.vdevs.flatMap(({ options }) =>
    options.flatMap(({ value }) => (value?.startsWith('stream:') === true ? [value.slice('stream:'.length)] : [])),
  );
  return new Set(['stdio', ...named]);
}

function endOf({ exitCode, reason, cause }: Awaited<VmHandle['exit']>): VmEnd {
  return { exitCode, reason, ...(cause === undefined ? {} : { cause: describeError(cause) }) };
}

function statsOf(vm: VmHandle): VmStatsReport {
  const stats = vm.stats();
  return { ...stats, vcpus: stats.vcpus.map((vcpu) => ({ ...vcpu, pc: hexadecimal(vcpu.pc) })) };
}

function registersOf(vm: VmHandle): readonly RegisterReport[] {
  return vm.vcpus.map((vcpu) =>
    Object.fromEntries(Object.entries(vcpu.registers()).map(([name, value]) => [name, hexadecimal(value)])),
  );
}

function typeText(vm: VmHandle, text: string): string {
  const devices = vm.service(INPUT_DEVICES);
  if (devices !== undefined) return devices.type(text);
  throw new QvmError('host.no-keyboard', `${vm.name} has no keyboard`);
}

function refuseStop({ name, state }: VmHandle): never {
  throw new QvmError('vm.illegal-transition', `The VM ${name} cannot stop: it is ${state}.`);
}

function done(_nothing: void): undefined {
  return undefined;
}
