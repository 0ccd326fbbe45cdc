import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { QvmError } from '@qvm/core';

/** Address of a metrics server. @experimental */
export interface MetricsAddress {
  /** Name or address of the interface to listen at. */
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
}

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/;
const REQUEST_TIMEOUT_MS = 5_000;
const CHECKING_MS = 1_000;
const MAX_CONNECTIONS = 16;

/** Serves metrics over HTTP at `/metrics`, on this machine only, because there is no authentication. */
export class MetricsServer {
  readonly #server: Server;

  private constructor(metrics: () => Promise<string>) {
    // Late requests are checked for at the interval of the time-out, instead of every half minute.
    const options = { connectionsCheckingInterval: CHECKING_MS };
    this.#server = createServer(options, (request, response) => void answer(request, response, metrics));
    // Also applies to a client that does not read its answer.
    this.#server.timeout = 2 * REQUEST_TIMEOUT_MS;
    this.#server.requestTimeout = REQUEST_TIMEOUT_MS;
    this.#server.headersTimeout = REQUEST_TIMEOUT_MS;
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** @throws QvmError `host.metrics` when the address is not local to this machine, or cannot be used. */
  static async open({ host, port }: MetricsAddress, metrics: () => Promise<string>): Promise<MetricsServer> {
    if (!LOOPBACK.test(host)) {
      throw new QvmError('host.metrics', `metrics are served on this machine only: ${host} is no loopback address`);
    }
    const server = new MetricsServer(metrics);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', (cause) =>
        reject(new QvmError('host.metrics', `metrics cannot be served at ${host}:${port}`, { cause })),
      );
      server.#server.listen(port, host, resolve);
    });
    return server;
  }

  get address(): MetricsAddress {
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) return { host: address.address, port: address.port };
    return { host: '', port: 0 };
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: () => Promise<string>,
): Promise<void> {
  request.resume();
  if (request.method !== 'GET' || request.url !== '/metrics') {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('there is /metrics\n');
    return;
  }
  try {
    const text = await metrics();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
  } catch {
    response.writeHead(500).end();
  }
}
