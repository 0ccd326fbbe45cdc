import { MAX_CPUS } from '@qvm/config';
import { QvmError } from '@qvm/core';
import { PHYSICAL_ADDRESS_LIMIT } from '@qvm/core/architecture';
import type { HostedVm } from '../vm/hosted-vm.js';
import { RESTART_POLICIES } from '../vm/restart-policy.js';
import type { VmHost } from '../vm/vm-host.js';
import type { VmLaunch } from '../worker/messages.js';
import { badParams, type Params } from './params.js';
import { MAX_INPUT_CHUNK, MAX_MEMORY_CHUNK } from './protocol.js';
import type { ControlMethod, ControlMethods, CreateParams, HostStatus, VmSummary } from './protocol.js';
import { specOf } from './spec-params.js';

/** Largest number of CPUs that a Linux host can have. */
const HOST_CPUS = 8192;
const MAX_PLUGINS = 64;
const MAX_TYPED = 4096;
/** A day: longer than any guest needs to shut down. */
const LONGEST_TIMEOUT_MS = 86_400_000;
/** Sizes of terminals have 16 bits. */
const MAX_CHARACTERS = 0xffff;
const MAX_RESETS = 1_000_000;
const MAX_NANOSECONDS_PER_INSTRUCTION = 1_000_000;

/** The host process from the view of the methods. */
export interface ControlledHost {
  readonly vms: VmHost;
  status(): HostStatus;
  /** Begins the shutdown. */
  stop(timeoutMs: number | undefined): void;
  /** Makes a VM; returns the announcements made meanwhile. */
  create(params: CreateParams): Promise<ControlMethods['vm.create']['result']>;
}

/** The methods with one answer; those with subscriptions are implemented by the connection. */
export type PlainMethod = Exclude<ControlMethod, 'hello' | 'console.attach' | 'detach'>;

type Methods = {
  readonly [K in PlainMethod]: (params: Params) => ControlMethods[K]['result'] | Promise<ControlMethods[K]['result']>;
};

/** The methods of a host. Parameters are checked; an exception becomes the answer's error. */
export function createMethods(host: ControlledHost): Methods {
  const vmOf = (params: Params): HostedVm => host.vms.get(params.text('vm', 256));
  return {
    'host.status': () => host.status(),
    'host.stop': (params) => nothing(host.stop(timeoutOf(params))),
    'host.share': (params) => {
      const size = params.integer('size', 1, Number.MAX_SAFE_INTEGER);
      return nothing(host.vms.services.share(params.text('name', 256), size));
    },
    'host.capture': (params) =>
      nothing(host.vms.services.fabric.capture(params.text('switch', 256), params.text('path', 4096))),
    'host.place': (params) => {
      const cpulist = params.optionalIntegers('cpulist', HOST_CPUS, 0, HOST_CPUS - 1);
      const priority = params.optionalInteger('priority', 0, 255);
      const place = { ...(cpulist && { cpulist }), ...(priority !== undefined && { priority }) };
      return { warnings: host.vms.place(place) };
    },
    'vm.create': (params) => host.create(createParams(params)),
    'vm.start': async (params) => nothing(await vmOf(params).start()),
    'vm.list': () => host.vms.vms.map(summaryOf),
    'vm.pause': async (params) => nothing(await vmOf(params).request('pause', undefined)),
    'vm.resume': async (params) => nothing(await vmOf(params).request('resume', undefined)),
    'vm.stop': async (params) => {
      const vm = vmOf(params);
      await vm.stop(timeoutOf(params));
      return vm.end;
    },
    'vm.destroy': (params) => destroy(vmOf(params)),
    'vm.wait': (params) => vmOf(params).end,
    'vm.stat': (params) => vmOf(params).request('stats', undefined),
    'vm.irqstat': (params) => vmOf(params).request('interrupts', undefined),
    'vm.vdevstat': (params) => vmOf(params).request('vdevs', undefined),
    'vm.map': (params) => vmOf(params).request('map', undefined),
    'vm.registers': (params) => vmOf(params).request('registers', undefined),
    'vm.memory': async (params) => {
      const address = params.integer('address', 0, PHYSICAL_ADDRESS_LIMIT);
      const length = params.integer('length', 1, MAX_MEMORY_CHUNK);
      return { base64: base64(await vmOf(params).request('memory', { address, length })) };
    },
    'vm.virtualMemory': async (params) => {
      const address = params.hexadecimal('address');
      const length = params.integer('length', 1, MAX_MEMORY_CHUNK);
      const vcpu = params.optionalInteger('vcpu', 0, MAX_CPUS) ?? 0;
      return { base64: base64(await vmOf(params).request('virtualMemory', { vcpu, address, length })) };
    },
    'vm.dump': (params) => vmOf(params).request('dump', { path: absolutePath(params, 'path') }),
    'vm.screenshot': (params) => screenshot(vmOf(params)),
    'vm.type': async (params) => ({
      untyped: await vmOf(params).request('type', { text: params.text('text', MAX_TYPED) }),
    }),
    'trace.start': async (params) => {
      const vm = vmOf(params);
      return nothing(await vm.request('traceStart', { cpu: vm.id }));
    },
    'trace.read': async (params) => {
      const { chunks, running } = await vmOf(params).request('traceRead', undefined);
      return { base64: Buffer.concat(chunks).toString('base64'), running };
    },
    'trace.stop': async (params) => nothing(await vmOf(params).request('traceStop', undefined)),
    'console.input': async (params) => {
      const stream = params.optionalText('stream', 256) ?? 'stdio';
      const bytes = params.bytes('base64', MAX_INPUT_CHUNK);
      return nothing(await vmOf(params).request('input', { stream, bytes }));
    },
    'console.resize': async (params) => {
      const stream = params.optionalText('stream', 256) ?? 'stdio';
      const columns = params.integer('columns', 0, MAX_CHARACTERS);
      const rows = params.integer('rows', 0, MAX_CHARACTERS);
      return nothing(await vmOf(params).request('resize', { stream, columns, rows }));
    },
  };
}

/** The summary of a VM for lists. */
export function summaryOf(vm: HostedVm): VmSummary {
  const { id, name, state, spec, uptimeMs, restart, restarts, restarting, lastEnd } = vm;
  return {
    id,
    name,
    state,
    arch: spec.arch,
    cpus: spec.cpus,
    ram: spec.ram.reduce((sum, { size }) => sum + size, 0),
    uptimeMs: Math.round(uptimeMs),
    restart,
    restarts,
    restarting,
    ...(lastEnd === undefined ? {} : { end: lastEnd }),
  };
}

function createParams(params: Params): CreateParams {
  const spec = specOf(params.object('spec'));
  const engine = params.optionalWord('engine', ['wasm', 'interp']);
  const onReset = params.optionalWord('onReset', ['exit', 'restart']);
  const resetLimit = params.optionalInteger('resetLimit', 0, MAX_RESETS);
  const restart = params.optionalWord('restart', RESTART_POLICIES);
  const icount = icountOf(params);
  return {
    spec,
    ...(engine === undefined ? {} : { engine }),
    ...(onReset === undefined ? {} : { onReset }),
    ...(resetLimit === undefined ? {} : { resetLimit }),
    ...(restart === undefined ? {} : { restart }),
    ...(icount === undefined ? {} : { icount }),
    ...(params.has('dumpOnFailure') ? { dumpOnFailure: dumpDestination(params) } : {}),
    plugins: params.texts('plugins', MAX_PLUGINS),
    pluginBase: params.has('pluginBase') ? absolutePath(params, 'pluginBase') : '/',
  };
}

function icountOf(params: Params): VmLaunch['icount'] {
  if (!params.has('icount')) return undefined;
  if (params.value['icount'] === true) return true;
  return params.integer('icount', 1, MAX_NANOSECONDS_PER_INSTRUCTION);
}

/** Requires an absolute path, because clients do not know the host's working directory. */
function absolutePath(params: Params, name: string): string {
  const path = params.text(name);
  if (!path.startsWith('/')) throw badParams(`params.${name} is no absolute path`);
  return path;
}

/** A folder, or a command. */
function dumpDestination(params: Params): string {
  return params.text('dumpOnFailure').startsWith('|')
    ? params.text('dumpOnFailure')
    : absolutePath(params, 'dumpOnFailure');
}

function timeoutOf(params: Params): number | undefined {
  return params.optionalInteger('timeoutMs', 0, LONGEST_TIMEOUT_MS);
}

async function destroy(vm: HostedVm): Promise<ControlMethods['vm.destroy']['result']> {
  if (vm.ended)
    throw new QvmError('vm.illegal-transition', `The VM ${vm.name} cannot be destroyed: it is ${vm.state}.`);
  return vm.destroy();
}

async function screenshot(vm: HostedVm): Promise<ControlMethods['vm.screenshot']['result']> {
  const image = await vm.request('screenshot', undefined);
  if (image === undefined) throw new QvmError('host.no-picture', `${vm.name} shows no picture`);
  const { width, height, rgba } = image;
  return { width, height, base64: base64(rgba) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function nothing(_done: void | undefined): ControlMethods['vm.pause']['result'] {
  return {};
}
