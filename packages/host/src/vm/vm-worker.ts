import { Worker } from 'node:worker_threads';
import { QvmError } from '@qvm/core';
import { fromWireError } from '../errors/wire-error.js';
import type { FromVmThread, ToVmThread, VmCommand, VmCommands, VmThreadEvent } from '../worker/messages.js';
import type { ServiceLinkParts } from '../services/service-messages.js';
import { Watchdog, type Every } from './watchdog.js';

/** Bounds the JavaScript heap of a VM's thread; guest RAM is not part of it. */
const HEAP_MEGABYTES = 1024;
const WATCHDOG_PERIOD_MS = 5_000;
/** Looks without an answer: making the engine and unpacking an image take seconds on a busy machine. */
const WATCHDOG_PATIENCE = 6;

/**
 * How a VM's thread is watched.
 *
 * @experimental
 */
export interface WatchOptions {
  /** Milliseconds between two looks. */
  readonly periodMs?: number;
  /** Looks without an answer after which the thread is ended. */
  readonly patience?: number;
  /** Milliseconds that the thread may take to go when it is ended; 10 s when absent. */
  readonly endMs?: number;
  /** When to look; by a timer when absent. Tests look by command. */
  readonly every?: Every;
}

/** What a VM's thread tells the main thread. */
export interface VmWorkerListener {
  event(event: VmThreadEvent): void;
  /** The thread is gone, and was not asked to go. */
  lost(reason: string, cause: unknown): void;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The main thread's end of a VM's thread. Whatever happens in there (an exception, no memory, an endless loop) ends that
 * thread only.
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
    // Without a listener, an error in there would be one out here.
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
      patience ?? WATCHDOG_PATIENCE,
      every,
    );
  }

  /**
   * Asks the VM's thread for something.
   *
   * @throws QvmError `host.vm-lost` when the thread has ended or ends meanwhile; what the command throws.
   */
  request<K extends VmCommand>(command: K, params: VmCommands[K]['params']): Promise<VmCommands[K]['result']> {
    if (this.#over) return Promise.reject(lost('has ended', undefined));
    const id = this.#nextId++;
    // The compiler does not see that command and params belong together.
    this.#post({ id, command, params } as ToVmThread);
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    }) as Promise<VmCommands[K]['result']>;
  }

  /** Tells that console output was taken over. */
  taken(stream: string, bytes: number): void {
    if (!this.#over) this.#post({ taken: bytes, stream });
  }

  /** Resolves when the thread is gone, and its memory given back. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /**
   * Ends the thread at once, also inside of an endless loop. A call to the system that does not return cannot be ended.
   *
   * @param limitMs - how long to wait for the end.
   * @returns whether it is gone.
   */
  async terminate(limitMs: number): Promise<boolean> {
    this.#end(lost('has ended', undefined));
    void this.#worker.terminate();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<false>((resolve) => (timer = setTimeout(resolve, limitMs, false)));
    const ended = await Promise.race([this.#exited.then(() => true as const), late]);
    clearTimeout(timer);
    // A thread that hangs must not keep the process by itself.
    if (!ended) this.#worker.unref();
    return ended;
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
