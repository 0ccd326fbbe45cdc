import type { Socket } from 'node:net';
import { QvmError, type Disposable } from '@qvm/core';
import { toWireError } from '../errors/wire-error.js';
import { LineReader } from './line-reader.js';
import type { PlainMethod, ControlledHost } from './methods.js';
import { createMethods } from './methods.js';
import { badParams, Params } from './params.js';
import { MAX_OUTSTANDING, MAX_REQUEST_BYTES, MAX_WAITING_OUTPUT, PROTOCOL_VERSION, type FromHost } from './protocol.js';

/** Output that waits before no more requests are read. */
const PAUSE_READING = 0x10_0000;

/**
 * One client of the control socket. Whatever it sends, it gets an answer or loses its connection; it cannot make the host
 * keep more than a bounded amount for it.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #host: ControlledHost;
  readonly #software: string;
  readonly #reader = new LineReader(MAX_REQUEST_BYTES);
  readonly #methods: ReturnType<typeof createMethods>;
  readonly #subscriptions = new Map<number, Disposable>();
  #greeted = false;
  #outstanding = 0;

  /**
   * @param software - name and version of the host, for the greeting.
   * @param closed - called once when the client is gone.
   */
  constructor(socket: Socket, host: ControlledHost, software: string, closed: () => void) {
    this.#socket = socket;
    this.#host = host;
    this.#software = software;
    this.#methods = createMethods(host);
    socket.on('data', (bytes: Uint8Array) => this.#receive(bytes));
    socket.on('drain', () => this.#mayRead());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      for (const subscription of this.#subscriptions.values()) subscription.dispose();
      this.#subscriptions.clear();
      closed();
    });
  }

  /** Ends the connection after what waits has been sent. */
  close(): void {
    this.#socket.end();
    // A client that does not read would keep it for ever.
    setTimeout(() => this.#socket.destroy(), 1_000).unref();
  }

  #receive(bytes: Uint8Array): void {
    try {
      for (const line of this.#reader.add(bytes)) {
        this.#handle(line);
        if (this.#socket.destroyed) return;
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#refuse(new QvmError('protocol.malformed', message));
    }
    this.#mayRead();
  }

  /** A request that cannot be parsed has no number to answer to, and nothing after it can be trusted. */
  #refuse(error: QvmError): void {
    this.#send({ error: toWireError(error) });
    this.close();
    this.#socket.removeAllListeners('data');
    this.#socket.resume();
  }

  #handle(line: string): void {
    const request = new Params(JSON.parse(line) as unknown, 'request');
    const id = request.integer('id', 0, Number.MAX_SAFE_INTEGER);
    const method = request.text('method', 64);
    const params = request.has('params') ? request.object('params') : new Params({});
    this.#outstanding++;
    void this.#answer(method, params)
      .then(
        (result) => this.#send({ id, result }),
        (error: unknown) => this.#send({ id, error: toWireError(error) }),
      )
      .then(() => {
        this.#outstanding--;
        this.#mayRead();
      });
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
    const view = hub.attach(this.#consoleViewer(subscription), params.optionalBoolean('backlog') ?? true);
    this.#subscriptions.set(subscription, view);
    void vm.end.then(() => {
      if (this.#subscriptions.get(subscription) !== view) return;
      this.#unsubscribe(subscription);
      this.#send({ event: 'end', subscription });
    });
    return {};
  }

  /** Drops what a client does not take in time, and tells it how much. */
  #consoleViewer(subscription: number): (bytes: Uint8Array) => void {
    let lost = 0;
    return (bytes) => {
      if (this.#socket.writableLength > MAX_WAITING_OUTPUT) {
        lost += bytes.length;
        return;
      }
      const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
      this.#send({ event: 'console', subscription, base64, ...(lost === 0 ? {} : { lost }) });
      lost = 0;
    };
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
    this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Requests wait in the kernel while the client has too many under way, or does not read its answers. */
  #mayRead(): void {
    const full = this.#outstanding >= MAX_OUTSTANDING || this.#socket.writableLength > PAUSE_READING;
    if (full) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }
}
