import { createRequire } from 'node:module';
import type { LogLevel } from '@qvm/core';
import { ControlServer } from './control/control-server.js';
import type { ControlledHost } from './control/methods.js';
import type { CreateParams, CreatedVm, HostStatus } from './control/protocol.js';
import { MetricsServer, type MetricsAddress } from './metrics/metrics-server.js';
import { metricsOf } from './metrics/metrics.js';
import type { HostLog } from './host-log.js';
import type { WatchOptions } from './vm/vm-worker.js';
import { VmHost } from './vm/vm-host.js';

/** Time that guests get to shut down with the host. */
const DEFAULT_SHUTDOWN_MS = 30_000;

/**
 * Options of a host process.
 *
 * @experimental
 */
export interface HostProcessOptions {
  /** Path of the control socket. */
  readonly socket: string;
  /** Receives the messages of the host and of its VMs. */
  readonly log: HostLog;
  /** Address of the metrics server. Absent: no metrics. */
  readonly metrics?: MetricsAddress;
  /** Settings of the watchdogs for the threads of VMs. */
  readonly watch?: WatchOptions;
}

/**
 * A host: its VMs, their control socket, and their shutdown. It is VM 0 in its own list.
 *
 * @experimental
 */
export class HostProcess implements ControlledHost {
  /** The VMs of the host. */
  readonly vms: VmHost;
  /** Settles when the host has shut down. */
  readonly closed: Promise<void>;
  readonly #options: HostProcessOptions;
  readonly #control: ControlServer;
  readonly #announcements = new Map<string, string[]>();
  readonly #startedAt = performance.now();
  #metrics: MetricsServer | undefined;
  #settle: () => void = () => undefined;
  #shutdown: Promise<void> | undefined;

  private constructor(options: HostProcessOptions) {
    const { log } = options;
    this.#options = options;
    this.vms = new VmHost({
      onHostLog: (level, message) => log.host(level, message),
      onState: (vm, from, to) => log.host('info', `${vm.name} is ${to}`, { vm: vm.name, from, to }),
      onLog: (vm, level: LogLevel, message) => log.vm(vm.name, level, message),
      onAnnouncement: (vm, message) => {
        this.#announcements.get(vm.name)?.push(message);
        log.host('info', message, { vm: vm.name });
      },
      onEnd: (vm, end) => {
        const cause = end.cause === undefined ? '' : ` ${end.cause}`;
        log.host(end.exitCode === 0 ? 'info' : 'warn', `${end.reason}${cause}`, {
          vm: vm.name,
          exitCode: end.exitCode,
        });
      },
    });
    this.closed = new Promise((resolve) => (this.#settle = resolve));
    this.#control = new ControlServer(options.socket, this, hostSoftware());
  }

  /**
   * Starts a host.
   *
   * @throws QvmError `host.running`, `host.socket`, `host.metrics`
   */
  static async open(options: HostProcessOptions): Promise<HostProcess> {
    const host = new HostProcess(options);
    await host.#control.listen();
    if (options.metrics !== undefined) await host.#serveMetrics(options.metrics);
    options.log.host('info', 'ready', { socket: options.socket, pid: process.pid });
    return host;
  }

  /** Address of the metrics server; the port is the actual one if 0 was given. */
  get metricsAddress(): MetricsAddress | undefined {
    return this.#metrics?.address;
  }

  /** The answer to `host.status`. */
  status(): HostStatus {
    return {
      version: hostSoftware(),
      pid: process.pid,
      uptimeMs: Math.round(performance.now() - this.#startedAt),
      socket: this.#options.socket,
      clients: this.#control.clients,
      vms: this.vms.vms.filter(({ ended }) => !ended).length,
      residentBytes: process.memoryUsage.rss(),
      warnings: [],
    };
  }

  async create({ restart, ...launch }: CreateParams): Promise<CreatedVm> {
    const { name } = launch.spec;
    const announcements: string[] = [];
    this.#announcements.set(name, announcements);
    try {
      const { watch } = this.#options;
      const vm = await this.vms.create({
        launch,
        ...(restart === undefined ? {} : { restart }),
        ...(watch === undefined ? {} : { watch }),
      });
      return { id: vm.id, warnings: vm.warnings, announcements };
    } finally {
      this.#announcements.delete(name);
    }
  }

  stop(timeoutMs: number = DEFAULT_SHUTDOWN_MS): void {
    // Deferred until the request has been answered, because a host without VMs ends at once.
    setImmediate(() => void this.shutdown(timeoutMs));
  }

  /**
   * Asks all guests to shut down, cuts the power of those that do not, and closes the socket. A second call shortens
   * the time.
   */
  shutdown(timeoutMs: number = DEFAULT_SHUTDOWN_MS): Promise<void> {
    if (this.#shutdown !== undefined && timeoutMs === 0) void this.vms.shutdown(0);
    this.#shutdown ??= this.#close(timeoutMs);
    return this.#shutdown;
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#options.log.host('info', 'shutting down');
    await this.vms.shutdown(timeoutMs);
    await this.#control.close();
    await this.#metrics?.close();
    this.#options.log.host('info', 'down');
    this.#settle();
  }

  async #serveMetrics(address: MetricsAddress): Promise<void> {
    try {
      this.#metrics = await MetricsServer.open(address, () => metricsOf(this.vms, this.status()));
    } catch (error) {
      await this.#control.close();
      throw error;
    }
  }
}

/** Name and version of this software. */
function hostSoftware(): string {
  const description: unknown = createRequire(import.meta.url)('../package.json');
  const known = typeof description === 'object' && description !== null && 'version' in description;
  return known ? `qvm ${String(description.version)}` : 'qvm';
}
