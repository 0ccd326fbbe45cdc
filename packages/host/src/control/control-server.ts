import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { bindSocket } from './bind-socket.js';
import { Connection } from './connection.js';
import type { ControlledHost } from './methods.js';
import { MAX_CLIENTS } from './protocol.js';

/**
 * The control socket of a host.
 */
export class ControlServer {
  readonly #path: string;
  readonly #server: Server;
  readonly #clients = new Set<Connection>();

  /**
   * @param software - name and version of the host, for the greeting.
   */
  constructor(path: string, host: ControlledHost, software: string) {
    this.#path = path;
    this.#server = createServer((socket) => this.#welcome(socket, host, software));
    this.#server.maxConnections = MAX_CLIENTS;
  }

  /** Number of clients. */
  get clients(): number {
    return this.#clients.size;
  }

  /**
   * @throws QvmError `host.running`, `host.socket`
   */
  listen(): Promise<void> {
    return bindSocket(this.#server, this.#path);
  }

  /** Takes the socket away and ends all connections. */
  async close(): Promise<void> {
    if (this.#server.listening) rmSync(this.#path, { force: true });
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const client of this.#clients) client.close();
    await closed;
  }

  #welcome(socket: Socket, host: ControlledHost, software: string): void {
    const client: Connection = new Connection(socket, host, software, () => this.#clients.delete(client));
    this.#clients.add(client);
  }
}
