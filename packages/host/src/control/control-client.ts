import { connect, type Socket } from 'node:net';
import { QvmError } from '@qvm/core';
import { fromWireError } from '../errors/wire-error.js';
import { LineReader } from './line-reader.js';
import type { ControlEvent, ControlMethod, ControlMethods, FromHost } from './protocol.js';
import { PROTOCOL_VERSION } from './protocol.js';

/** Time for a host to answer the greeting. A host answers at once, because its main thread never runs guest code. */
const GREETING_MS = 10_000;
/** Longest line of a host: a picture of 8K in base64, and some more. */
const MAX_ANSWER_BYTES = 0x1000_0000;

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A console that a client watches.
 *
 * @experimental
 */
export interface ConsoleAttachment {
  /** Settles when the VM has ended finally or the connection is closed. */
  readonly ended: Promise<void>;
  /** Ends it earlier. */
  readonly detach: () => Promise<void>;
}

/**
 * A client of a host's control socket.
 *
 * @experimental
 */
export class ControlClient {
  readonly #socket: Socket;
  readonly #reader = new LineReader(MAX_ANSWER_BYTES);
  readonly #pending = new Map<number, Pending>();
  readonly #subscriptions = new Map<number, (event: ControlEvent) => void>();
  /** Settles when the connection has ended. */
  readonly closed: Promise<void>;
  #nextId = 1;
  #failure: Error = new QvmError('host.disconnected', 'the host has ended the connection');

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Uint8Array) => this.#receive(bytes));
    socket.on('error', () => socket.destroy());
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const { reject } of this.#pending.values()) reject(this.#failure);
        this.#pending.clear();
        resolve();
      });
    });
  }

  /**
   * Connects to a host.
   *
   * @param greetingMs - time for the host to answer the greeting.
   * @throws QvmError `host.not-running` when there is no host, `host.silent` when it does not answer,
   * `protocol.version`.
   */
  static async connect(path: string, greetingMs: number = GREETING_MS): Promise<ControlClient> {
    const client = new ControlClient(await open(path));
    const late = setTimeout(() => client.#end(silent(path, greetingMs)), greetingMs);
    try {
      await client.request('hello', { version: PROTOCOL_VERSION });
    } catch (error) {
      client.close();
      throw error;
    } finally {
      clearTimeout(late);
    }
    return client;
  }

  /**
   * Sends a request and returns its result.
   *
   * @throws the host's error; QvmError `host.disconnected`.
   */
  request<K extends ControlMethod>(
    method: K,
    params: ControlMethods[K]['params'],
  ): Promise<ControlMethods[K]['result']> {
    if (this.#socket.destroyed) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    }) as Promise<ControlMethods[K]['result']>;
  }

  /**
   * Watches a console: first the most recent output, then all new output.
   *
   * @param output - called with the bytes, and the number of bytes before them that were lost because this client was
   * slow.
   */
  async attach(
    params: Omit<ControlMethods['console.attach']['params'], 'subscription'>,
    output: (bytes: Uint8Array, lost: number) => void,
  ): Promise<ConsoleAttachment> {
    const subscription = this.#nextId++;
    const ended = new Promise<void>((resolve) => {
      this.#subscriptions.set(subscription, (event) => {
        if (event.event === 'console') output(Buffer.from(event.base64, 'base64'), event.lost ?? 0);
        else {
          if (event.lost !== undefined) output(new Uint8Array(0), event.lost);
          resolve();
        }
      });
      void this.closed.then(resolve);
    });
    await this.request('console.attach', { ...params, subscription });
    const detach = async (): Promise<void> => {
      this.#subscriptions.delete(subscription);
      await this.request('detach', { subscription });
    };
    return { ended, detach };
  }

  /** Closes the connection; requests in progress are rejected. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Uint8Array): void {
    try {
      for (const line of this.#reader.add(bytes)) this.#handle(JSON.parse(line) as FromHost);
    } catch (cause) {
      this.#end(new QvmError('protocol.malformed', 'the host sent what cannot be read', { cause }));
    }
  }

  /** Ends the connection because of the other side. */
  #end(failure: QvmError): void {
    this.#failure = failure;
    this.#socket.destroy();
  }

  #handle(message: FromHost): void {
    if ('event' in message) {
      this.#subscriptions.get(message.subscription)?.(message);
      if (message.event === 'end') this.#subscriptions.delete(message.subscription);
    } else if ('id' in message) {
      const pending = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if ('error' in message) pending?.reject(fromWireError(message.error));
      else pending?.resolve(message.result);
    } else {
      this.#failure = fromWireError(message.error);
    }
  }
}

function silent(path: string, milliseconds: number): QvmError {
  const message = `what listens at ${path} did not answer in ${milliseconds / 1e3} s: a host that was suspended, or another program`;
  return new QvmError('host.silent', message);
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      // Other errors, such as missing permissions, are reported.
      const usual = cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED';
      const message = `no host answers at ${path}; "qvm host" starts one`;
      reject(new QvmError('host.not-running', message, usual ? {} : { cause }));
    });
  });
}
