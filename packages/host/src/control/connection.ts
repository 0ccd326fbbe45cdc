import type { Socket } from 'node:net';
import { QvmError, type Disposable } from '@qvm/core';
import { toWireError } from '../errors/wire-error.js';
import { answerBytesOf } from './answer-bytes.js';
import { LineReader } from './line-reader.js';
import type { PlainMethod, ControlledHost } from './methods.js';
import { createMethods } from './methods.js';
import { badParams, Params } from './params.js';
import {
  MAX_OUTSTANDING,
  MAX_REQUEST_BYTES,
  MAX_WAITING_OUTPUT,
  PROTOCOL_VERSION,
  REQUEST_TIMEOUT_MS,
  type FromHost,
} from './protocol.js';
import { RequestQueue } from './request-queue.js';

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: Params;
  readonly answerBytes: number;
}

/** A client's view of a console. */
interface ConsoleViewer {
  readonly show: (bytes: Uint8Array) => void;
  /** The number of bytes that were dropped and of which the client has not been told. */
  readonly takeLost: () => { readonly lost?: number };
}

/** Calls back once after `milliseconds`; the result cancels. It uses a timer, except in tests. */
export type After = (milliseconds: number, callback: () => void) => () => void;

const afterMilliseconds: After = (milliseconds, callback) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};

/**
 * One client of the control socket. Whatever it sends, it gets an answer or loses its connection, and the host keeps
 * only a bounded amount of data for it.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #host: ControlledHost;
  readonly #software: string;
  readonly #reader = new LineReader(MAX_REQUEST_BYTES);
  readonly #methods: ReturnType<typeof createMethods>;
  readonly #subscriptions = new Map<number, Disposable>();
  readonly #queue: RequestQueue<Request>;
  readonly #after: After;
  #greeted = false;
  /** Time of the last complete request, or of the connection: milliseconds, monotonic. */
  #lastRequest = performance.now();
  /** Cancels the client's current deadline. */
  #reprieve: (() => void) | undefined;

  /**
   * @param software - name and version of the host, for the greeting.
   * @param closed - called once when the client is gone.
   * @param after - measures the deadlines of requests.
   */
  constructor(
    socket: Socket,
    host: ControlledHost,
    software: string,
    closed: () => void,
    after: After = afterMilliseconds,
  ) {
    this.#socket = socket;
    this.#host = host;
    this.#software = software;
    this.#methods = createMethods(host);
    this.#after = after;
    this.#queue = new RequestQueue(
      { requests: MAX_OUTSTANDING, answerBytes: MAX_WAITING_OUTPUT },
      (request) => this.#handle(request),
      () => socket.writableLength,
      () => this.#mayRead(),
    );
    this.#watch();
    socket.on('data', (bytes: Uint8Array) => this.#receive(bytes));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#reprieve?.();
      this.#queue.clear();
      for (const subscription of this.#subscriptions.values()) subscription.dispose();
      this.#subscriptions.clear();
      closed();
    });
  }

  /** Time since the client's last request, in ms; 0 while it watches a console or has a request in progress. */
  get idleMs(): number {
    return this.#subscriptions.size === 0 && this.#queue.idle ? performance.now() - this.#lastRequest : 0;
  }

  /** Ends the connection after the waiting output has been sent. */
  close(): void {
    this.#socket.end();
    // A client that does not read would keep the connection open forever.
    setTimeout(() => this.#socket.destroy(), 1_000).unref();
  }

  #receive(bytes: Uint8Array): void {
    try {
      for (const line of this.#reader.add(bytes)) {
        this.#complete();
        this.#queue.add(requestOf(line));
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#refuse(new QvmError('protocol.malformed', message));
      return;
    }
    this.#watch();
    this.#mayRead();
  }

  /** A request that cannot be parsed has no number for an answer, and nothing after it can be trusted. */
  #refuse(error: QvmError): void {
    this.#reprieve?.();
    this.#queue.clear();
    this.#send({ error: toWireError(error) });
    this.close();
    this.#socket.removeAllListeners('data');
    this.#socket.resume();
  }

  /** Starts the deadline for the unfinished greeting or request. */
  #watch(): void {
    if (this.#greeted && !this.#reader.unfinished) return;
    if (this.#reprieve !== undefined) return;
    // If this process was suspended, the data that the client has sent meanwhile is read before the deadline is
    // enforced.
    const cancel = this.#after(REQUEST_TIMEOUT_MS, () =>
      setImmediate(() => reprieve === this.#reprieve && this.#late()),
    );
    const reprieve = (): void => {
      cancel();
      this.#reprieve = undefined;
    };
    this.#reprieve = reprieve;
  }

  /** A request is complete; the next one gets a deadline of its own. */
  #complete(): void {
    this.#lastRequest = performance.now();
    this.#reprieve?.();
  }

  /** While the host itself does not read, the client cannot complete its request. */
  #late(): void {
    this.#reprieve?.();
    if (this.#socket.isPaused()) this.#watch();
    else {
      const message = `a request was not complete after ${REQUEST_TIMEOUT_MS / 1e3} s`;
      this.#refuse(new QvmError('protocol.timeout', message));
    }
  }

  async #handle({ id, method, params }: Request): Promise<void> {
    const answer: FromHost = await this.#answer(method, params).then(
      (result) => ({ id, result }),
      (error: unknown) => ({ id, error: toWireError(error) }),
    );
    this.#send(answer);
  }

  async #answer(method: string, params: Params): Promise<unknown> {
    if (method === 'hello') return this.#hello(params);
    if (!this.#greeted) throw new QvmError('protocol.hello', 'the first request is hello');
    if (method === 'console.attach') return this.#attach(params);
    if (method === 'detach') return this.#detach(params);
    if (!Object.hasOwn(this.#methods, method)) {
      throw new QvmError('protocol.method', `there is no method "${method}"`);
    }
    return this.#methods[method as PlainMethod](params);
  }

  #hello(params: Params): unknown {
    const version = params.integer('version', 0, Number.MAX_SAFE_INTEGER);
    if (version !== PROTOCOL_VERSION) {
      throw new QvmError(
        'protocol.version',
        `this host speaks version ${PROTOCOL_VERSION} of the protocol, and the client version ${version}`,
      );
    }
    this.#greeted = true;
    return { version: PROTOCOL_VERSION, software: this.#software, pid: process.pid };
  }

  #attach(params: Params): unknown {
    const vm = this.#host.vms.get(params.text('vm', 256));
    const subscription = params.integer('subscription', 0, Number.MAX_SAFE_INTEGER);
    if (this.#subscriptions.has(subscription)) throw badParams(`the subscription ${subscription} is there already`);
    if (this.#subscriptions.size >= MAX_OUTSTANDING) {
      throw new QvmError('protocol.too-many', `a client has at most ${MAX_OUTSTANDING} subscriptions`);
    }
    const hub = vm.console(params.optionalText('stream', 256) ?? 'stdio');
    const viewer = this.#consoleViewer(subscription);
    const view = hub.attach(viewer.show, params.optionalBoolean('backlog') ?? true);
    this.#subscriptions.set(subscription, view);
    void vm.end.then(() => {
      if (this.#subscriptions.get(subscription) !== view) return;
      this.#unsubscribe(subscription);
      this.#send({ event: 'end', subscription, ...viewer.takeLost() });
    });
    return {};
  }

  /** Drops output that a client does not read in time, and tells it the number of dropped bytes. */
  #consoleViewer(subscription: number): ConsoleViewer {
    let lost = 0;
    const takeLost = (): { readonly lost?: number } => {
      const taken = lost === 0 ? {} : { lost };
      lost = 0;
      return taken;
    };
    const show = (bytes: Uint8Array): void => {
      if (this.#socket.writableLength > MAX_WAITING_OUTPUT) {
        lost += bytes.length;
        return;
      }
      const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
      this.#send({ event: 'console', subscription, base64, ...takeLost() });
    };
    return { show, takeLost };
  }

  #detach(params: Params): unknown {
    const subscription = params.integer('subscription', 0, Number.MAX_SAFE_INTEGER);
    if (!this.#unsubscribe(subscription)) throw badParams(`there is no subscription ${subscription}`);
    return {};
  }

  #unsubscribe(subscription: number): boolean {
    this.#subscriptions.get(subscription)?.dispose();
    return this.#subscriptions.delete(subscription);
  }

  #send(message: FromHost): void {
    if (!this.#socket.writable) return;
    this.#socket.write(`${JSON.stringify(message)}\n`, () => {
      this.#queue.advance();
      this.#mayRead();
    });
  }

  /** Stops reading requests while the client has too many in progress, or does not read its answers. */
  #mayRead(): void {
    if (!this.#queue.open) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }
}

/**
 * @throws QvmError `protocol.params`, SyntaxError
 */
function requestOf(line: string): Request {
  const request = new Params(JSON.parse(line) as unknown, 'request');
  const method = request.text('method', 64);
  return {
    id: request.integer('id', 0, Number.MAX_SAFE_INTEGER),
    method,
    params: request.has('params') ? request.object('params') : new Params({}),
    answerBytes: answerBytesOf(method),
  };
}
