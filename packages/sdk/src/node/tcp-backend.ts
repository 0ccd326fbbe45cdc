import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { QvmError } from '@qvm/core';
import { type CharacterBackend } from '@qvm/core/services';
import { ByteQueue } from '../console/byte-queue.js';
import type { CharacterBackendContext, CharacterBackendFactory } from '../console/character-backends.js';

/** Input beyond this size stays in the kernel, and then at the peer. */
const MAX_INPUT = 0x1_0000;
/** Output beyond this size is dropped, because the peer does not read. */
const MAX_OUTPUT = 0x4_0000;
/** Time after which the kernel probes a silent connection. */
const KEEP_ALIVE_MS = 30_000;
const LOOPBACK = '127.0.0.1';
const PORT_LIMIT = 0x1_0000;

/**
 * The designator `tcp:HOST:PORT`: connects to a server. An IPv6 address is in brackets.
 *
 * @experimental
 */
export const tcpBackend: CharacterBackendFactory = {
  scheme: 'tcp',
  argument: 'HOST:PORT',
  description: 'A TCP connection to a server',
  check: serverOf,
  open: (argument, context) => {
    const { host, port } = serverOf(argument);
    const line = new SocketLine(context);
    const socket = connect({ host, port });
    socket.once('error', (error) => context.logger.log('error', `tcp:${argument}: ${error.message}`));
    line.attach(socket);
    return line;
  },
};

/**
 * The designator `tcp-listen:[HOST:]PORT`: waits for a client, one at a time. Without a host, only this machine can
 * connect; port 0 selects a free one. The address is announced.
 *
 * @experimental
 */
export const tcpListenBackend: CharacterBackendFactory = {
  scheme: 'tcp-listen',
  argument: '[HOST:]PORT',
  description: 'A TCP server for one client at a time; its address is announced',
  check: (argument) => void listenerOf(argument),
  open: (argument, context) => {
    const { host = LOOPBACK, port } = listenerOf(argument);
    return new ListeningLine(context, host, port);
  },
};

interface Endpoint {
  readonly host: string | undefined;
  readonly port: number;
}

/** @throws QvmError `console.tcp` */
function serverOf(argument: string): { readonly host: string; readonly port: number } {
  const { host, port } = parseEndpoint(`tcp:${argument}`, argument);
  if (host === undefined || port === 0) throw badEndpoint(`tcp:${argument}`, 'it needs a host and a port');
  return { host, port };
}

/** @throws QvmError `console.tcp` */
function listenerOf(argument: string): Endpoint {
  return parseEndpoint(`tcp-listen:${argument}`, argument);
}

function parseEndpoint(designator: string, argument: string): Endpoint {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(argument) ?? [];
  const port = Number(digits);
  if (digits === undefined || port >= PORT_LIMIT) throw badEndpoint(designator, 'a port from 0 to 65535 must be last');
  return { host: bracketed ?? plain, port };
}

function badEndpoint(designator: string, reason: string): QvmError {
  return new QvmError('console.tcp', `"${designator}" is no network address: ${reason}`);
}

/** A character device over the current socket. Without one, output is dropped, as on an unconnected line. */
class SocketLine implements CharacterBackend {
  protected readonly context: CharacterBackendContext;
  readonly #input = new ByteQueue();
  #socket: Socket | undefined;
  #listener: (() => void) | undefined;
  protected closed = false;

  constructor(context: CharacterBackendContext) {
    this.context = context;
  }

  get available(): number {
    return this.#input.length;
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  attach(socket: Socket): void {
    this.#socket = socket;
    socket.setNoDelay(true);
    // A peer that has disappeared without closing must not keep the line forever.
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    // An idle line must not keep the program alive; the VM does that.
    socket.unref();
    socket.on('data', (bytes: Uint8Array) => this.#received(socket, bytes));
    // An error ends the connection, which `close` reports.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
  }

  write(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (this.closed || socket === undefined || socket.writableLength > MAX_OUTPUT) return;
    // Copied, because the device may reuse the array after the call.
    socket.write(bytes.slice());
  }

  read(max: number): Uint8Array {
    const bytes = this.#input.take(max);
    if (this.#input.length === 0) this.#socket?.resume();
    return bytes;
  }

  onInput(listener: (() => void) | undefined): void {
    this.#listener = listener;
  }

  flush(): void {}

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#listener = undefined;
    // Ends the connection after the guest's last output.
    this.#socket?.destroySoon();
  }

  #received(socket: Socket, bytes: Uint8Array): void {
    if (this.closed) return;
    this.#input.push(bytes);
    if (this.#input.length > MAX_INPUT) socket.pause();
    this.#listener?.();
  }
}

class ListeningLine extends SocketLine {
  readonly opened: Promise<void>;
  readonly #server: Server;

  constructor(context: CharacterBackendContext, host: string, port: number) {
    super(context);
    this.#server = createServer((socket) => this.#connected(socket));
    this.opened = this.#listen(host, port);
    // The creator gets the failure from `opened`, if it still awaits it.
    this.opened.catch(() => undefined);
    this.#server.unref();
  }

  override close(): void {
    super.close();
    this.#server.close();
  }

  #connected(socket: Socket): void {
    if (this.closed || this.isConnected) socket.destroy();
    else this.attach(socket);
  }

  /** @throws QvmError `console.listen` */
  async #listen(host: string, port: number): Promise<void> {
    const name = `tcp-listen:${host}:${port}`;
    this.#server.listen(port, host);
    try {
      await once(this.#server, 'listening');
    } catch (cause) {
      throw new QvmError('console.listen', `"${name}" cannot be opened: ${(cause as Error).message}`, { cause });
    }
    this.#server.on('error', (error) => this.context.logger.log('error', `${name}: ${error.message}`));
    this.#announce();
  }

  #announce(): void {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') return;
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    this.context.announce(`the console is at ${host}:${address.port}`);
  }
}
