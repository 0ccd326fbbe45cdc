import { Worker } from 'node:worker_threads';
import { QvmError } from '@qvm/core';
import { fromWireError } from '../errors/wire-error.js';
import type { FromVmThread, ToVmThread, VmCommand, VmCommands, VmThreadEvent } from '../worker/messages.js';
import type { ServiceLinkParts } from '../services/service-messages.js';
import { Watchdog, type Every } from './watchdog.js';

/** Bounds the JavaScript heap of a VM's thread; guest RAM is not part of it. */
const HEAP_MEGABYTES = 1024;
const WATCHDOG_PERIOD_MS = 5_000;
/** Number of checks without an answer. */
const WATCHDOG_PATIENCE = 6;
/** The same while the VM is made or started: making the engine and unpacking an image take seconds, and minutes on a busy machine. */
const START_PATIENCE = 60;
/** Commands that make and start a VM. */
const STARTING: ReadonlySet<VmCommand> = new Set(['create', 'start']);

/**
 * Settings of the watchdog for a VM's thread.
 *
 * @experimental
 */
export interface WatchOptions {
  /** Milliseconds between two checks. */
  readonly periodMs?: number;
  /** Number of checks without an answer after which the thread is terminated. */
  readonly patience?: number;
  /** Milliseconds in which the terminated thread must end. Default 10 s. */
  readonly endMs?: number;
  /** Schedules the checks. Default: a timer. Tests trigger them explicitly. */
  readonly every?: Every;
}

/** Receives the messages of a VM's thread on the main thread. */
export interface VmWorkerListener {
  event(event: VmThreadEvent): void;
  /** The thread has ended without having been asked to. */
  lost(reason: string, cause: unknown): void;
}

interface Pending {
  readonly command: VmCommand;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The main thread's end of a VM's thread. A failure of the thread (an exception, lack of memory, an endless loop) ends
 * that thread only.
 */
export class VmWorker {
  readonly #worker: Worker;
  readonly #listener: VmWorkerListener;
  readonly #watchdog: Watchdog;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #nextId = 1;
  #over = false;

  /**
   * @param services - the thread's end of the link to the services of the host.
   */
  constructor(
    listener: VmWorkerListener,
    services: ServiceLinkParts,
    { periodMs, patience, every }: WatchOptions = {},
  ) {
    this.#listener = listener;
    this.#worker = new Worker(new URL(import.meta.resolve('#vm-thread')), {
      name: 'qvm vm',
      workerData: services,
      transferList: [services.calls, services.events],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES },
    });
    this.#worker.on('message', (message: FromVmThread) => this.#receive(message));
    this.#worker.on('messageerror', (error) => this.#lose('sent what cannot be read', error));
    // Without a listener, an error in the thread would become one in this thread.
    this.#worker.on('error', (error) => this.#lose('failed', error));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#lose(`ended with code ${code}`, undefined);
        resolve();
      });
    });
    this.#watchdog = new Watchdog(
      () => this.request('ping', undefined),
      () => this.#lose('did not answer any more', undefined),
      periodMs ?? WATCHDOG_PERIOD_MS,
      patience ?? (() => (this.#isStarting ? START_PATIENCE : WATCHDOG_PATIENCE)),
      every,
    );
  }

  /**
   * Sends a command to the VM's thread.
   *
   * @throws QvmError `host.vm-lost` when the thread has ended or ends meanwhile; the errors of the command.
   */
  request<K extends VmCommand>(command: K, params: VmCommands[K]['params']): Promise<VmCommands[K]['result']> {
    if (this.#over) return Promise.reject(lost('has ended', undefined));
    const id = this.#nextId++;
    // The compiler cannot tell that the types of command and params match.
    this.#post({ id, command, params } as ToVmThread);
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { command, resolve, reject });
    }) as Promise<VmCommands[K]['result']>;
  }

  /** Reports that console output has been processed. */
  taken(stream: string, bytes: number): void {
    if (!this.#over) this.#post({ taken: bytes, stream });
  }

  /** Resolves when the thread has ended and its memory is released. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /**
   * Terminates the thread at once, even in an endless loop. A system call that does not return cannot be terminated.
   *
   * @param limitMs - time to wait for the end.
   * @returns whether it has ended.
   */
  async terminate(limitMs: number): Promise<boolean> {
    this.#end(lost('has ended', undefined));
    void this.#worker.terminate();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<false>((resolve) => (timer = setTimeout(resolve, limitMs, false)));
    const ended = await Promise.race([this.#exited.then(() => true as const), late]);
    clearTimeout(timer);
    // A thread that hangs must not keep the process alive.
    if (!ended) this.#worker.unref();
    return ended;
  }

  get #isStarting(): boolean {
    return [...this.#pending.values()].some(({ command }) => STARTING.has(command));
  }

  #post(message: ToVmThread): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromVmThread): void {
    if (this.#over) return;
    if ('event' in message) {
      this.#listener.event(message);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if ('error' in message) pending?.reject(fromWireError(message.error));
    else pending?.resolve(message.result);
  }

  #lose(reason: string, cause: unknown): void {
    if (this.#over) return;
    this.#end(lost(reason, cause));
    void this.#worker.terminate();
    this.#listener.lost(reason, cause);
  }

  #end(error: QvmError): void {
    this.#over = true;
    this.#watchdog.stop();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

function lost(reason: string, cause: unknown): QvmError {
  return new QvmError('host.vm-lost', `the VM's thread ${reason}`, cause === undefined ? {} : { cause });
}
