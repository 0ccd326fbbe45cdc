import { createServer, type Server, type Socket } from 'node:net';
import { removeOwnFile, type OwnFile } from '@qvm/sdk';
import { bindSocket } from './bind-socket.js';
import { Connection, type After } from './connection.js';
import type { ControlledHost } from './methods.js';
import { IDLE_MS, MAX_CLIENTS } from './protocol.js';

/**
 * The control socket of a host.
 */
export class ControlServer {
  readonly #path: string;
  readonly #after: After | undefined;
  readonly #server: Server;
  /** The socket's file, while it exists. */
  #file: OwnFile | undefined;
  readonly #clients = new Set<Connection>();

  /**
   * @param software - name and version of the host, for the greeting.
   * @param after - measures the deadlines of requests. Default: a timer.
   */
  constructor(path: string, host: ControlledHost, software: string, after?: After) {
    this.#path = path;
    this.#after = after;
    this.#server = createServer((socket) => this.#welcome(socket, host, software));
  }

  /** Number of clients. */
  get clients(): number {
    return this.#clients.size;
  }

  /**
   * @throws QvmError `host.running`, `host.socket`
   */
  async listen(): Promise<void> {
    this.#file = await bindSocket(this.#server, this.#path);
  }

  /** Removes the socket and ends all connections. */
  async close(): Promise<void> {
    if (this.#file !== undefined) removeOwnFile(this.#path, this.#file);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const client of this.#clients) client.close();
    await closed;
  }

  /** If all places are taken, a client without recent requests loses its place to the new one. */
  #welcome(socket: Socket, host: ControlledHost, software: string): void {
    if (this.#clients.size >= MAX_CLIENTS && !this.#dismissIdle()) {
      socket.destroy();
      return;
    }
    const client: Connection = new Connection(socket, host, software, () => this.#clients.delete(client), this.#after);
    this.#clients.add(client);
  }

  #dismissIdle(): boolean {
    const [longest] = [...this.#clients].sort((a, b) => b.idleMs - a.idleMs);
    if (longest === undefined || longest.idleMs < IDLE_MS) return false;
    this.#clients.delete(longest);
    longest.close();
    return true;
  }
}
