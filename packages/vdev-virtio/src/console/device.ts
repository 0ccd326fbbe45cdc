/*
 * Console device (VirtIO 1.2, section 5.3): a console and further ports, each with a character back end.
 */
import { requireBoolean, requireObject, requireUnsigned, VdevStateError } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { CharacterBackend, TerminalSize } from '@qvm/core/services';
import { readConfigSpace } from '../device/config-space.js';
import type { VirtioContext, VirtioDevice, Virtqueue } from '../device/virtio-device.js';
import { CONFIG_BYTES, configSpace, EMERGENCY_WRITE_AT } from './config-space.js';
import {
  CONTROL_CONSOLE_PORT,
  CONTROL_DEVICE_ADD,
  CONTROL_DEVICE_READY,
  CONTROL_PORT_NAME,
  CONTROL_PORT_OPEN,
  CONTROL_PORT_READY,
  CONTROL_RECEIVE,
  CONTROL_RESIZE,
  CONTROL_TRANSMIT,
  F_EMERG_WRITE,
  F_MULTIPORT,
  F_SIZE,
} from './constants.js';
import { encodeMessage } from './control-message.js';
import type { ControlMessage } from './control-message.js';
import { ControlQueues } from './control-queues.js';
import { ConsolePort } from './port.js';
import type { PortSpec } from './options.js';

/** Largest number of messages that wait for one port: section 5.3.6.2 has five from the device. */
const MESSAGES_OF_PORT = 5;
const MEMBERS = ['columns', 'rows', 'open', 'messages'] as const;

/** @internal */
export class ConsoleDevice implements VirtioDevice {
  readonly features: bigint;
  readonly configSize = CONFIG_BYTES;
  readonly #context: VirtioContext;
  readonly #ports: readonly ConsolePort[];
  readonly #control: ControlQueues | undefined;
  readonly #powerOnSize: TerminalSize;
  #size: TerminalSize;
  /** The back end of port 0. */
  #terminal: CharacterBackend | undefined;
  /** Whether MULTIPORT was negotiated. */
  #multiport = false;
  /** Whether the next start is that of a restored state, whose driver knows the size. */
  #restored = false;

  constructor(context: VirtioContext, ports: readonly PortSpec[], size: TerminalSize) {
    this.#context = context;
    this.#powerOnSize = size;
    this.#size = size;
    this.features = F_SIZE | F_EMERG_WRITE | (ports.length > 1 ? F_MULTIPORT : 0n);
    this.#ports = ports.map((spec, index) => this.#createPort(spec, index));
    this.#control = ports.length > 1 ? this.#createControl() : undefined;
  }

  readConfig(offset: number, width: 1 | 2 | 4): number {
    return readConfigSpace(configSpace(this.#size, this.#ports.length), offset, width);
  }

  /** Section 5.3.4: an emergency write works at any time, even before the device is set up. */
  writeConfig(offset: number, _width: 1 | 2 | 4, value: number): void {
    if (offset === EMERGENCY_WRITE_AT) this.#ports[0]?.emergencyWrite(value & 0xff);
  }

  start(features: bigint): void {
    this.#multiport = (features & F_MULTIPORT) !== 0n;
    const announced = this.#takeSize() || !this.#restored;
    this.#restored = false;
    // Without MULTIPORT there is one port, which is opened without a message.
    if (!this.#multiport) this.#openConsole();
    // Linux reads the size of such a console only after a configuration change.
    if (announced && !this.#multiport && (features & F_SIZE) !== 0n) this.#context.configChanged();
    for (const port of this.#ports) port.receive();
  }

  kicked(queue: number): void {
    if (queue === CONTROL_RECEIVE || queue === CONTROL_TRANSMIT) {
      if (this.#multiport) this.#control?.run();
      return;
    }
    const port = this.#ports[queue < CONTROL_RECEIVE ? 0 : (queue >> 1) - 1];
    if (queue % 2 === 0) port?.receive();
    else port?.transmit();
  }

  reset(): void {
    this.#restored = false;
    this.#multiport = false;
    this.#size = this.#powerOnSize;
    this.#control?.reset();
    for (const port of this.#ports) port.reset();
  }

  save(): Json {
    for (const port of this.#ports) port.settle();
    const open = this.#ports.map((port) => port.open);
    return { ...this.#size, open, messages: this.#control?.save() ?? [] };
  }

  restore(state: Json): void {
    const saved = requireObject(state, MEMBERS, 'console state');
    const columns = requireUnsigned(saved.columns, 0xffff, 'columns');
    const rows = requireUnsigned(saved.rows, 0xffff, 'rows');
    const open = decodeOpen(saved.open, this.#ports.length);
    const messages = this.#decodeMessages(saved.messages);
    this.#size = { columns, rows };
    this.#restored = true;
    this.#ports.forEach((port, index) => port.restore(open[index] === true));
    this.#control?.load(messages);
  }

  status(): Readonly<Record<string, Json>> {
    return { ...this.#size, ports: this.#ports.map((port) => port.status()) };
  }

  dispose(): void {
    this.#terminal?.onResize?.(undefined);
    for (const port of this.#ports) port.dispose();
  }

  /** Updates the size from the terminal at the console's other end, if there is one. Returns whether it has changed. */
  #takeSize(): boolean {
    const before = this.#size;
    const { columns, rows } = this.#terminal?.terminalSize ?? before;
    this.#size = { columns: columns & 0xffff, rows: rows & 0xffff };
    return this.#size.columns !== before.columns || this.#size.rows !== before.rows;
  }

  #resized(): void {
    this.#takeSize();
    this.#context.configChanged();
    if (this.#multiport) {
      this.#postSize();
      this.#control?.run();
    }
  }

  #createPort({ name, hostdev }: PortSpec, index: number): ConsolePort {
    const first = index === 0 ? 0 : 2 + 2 * index;
    const backend = this.#context.vdev.openCharacterBackend(hostdev);
    if (index === 0) {
      this.#terminal = backend;
      backend.onResize?.(() => this.#resized());
    }
    return new ConsolePort({
      name,
      hostdev,
      backend,
      receive: this.#queue(first),
      transmit: this.#queue(first + 1),
      later: (task) => this.#context.vdev.post(task),
    });
  }

  #createControl(): ControlQueues {
    const queues = { receive: this.#queue(CONTROL_RECEIVE), transmit: this.#queue(CONTROL_TRANSMIT) };
    return new ControlQueues(queues, MESSAGES_OF_PORT * this.#ports.length, (message) => this.#handle(message));
  }

  #queue(index: number): Virtqueue {
    return this.#context.queues[index] as Virtqueue;
  }

  #openConsole(): void {
    const [console] = this.#ports;
    if (console !== undefined) console.open = true;
  }

  /** Handles a message from the driver (section 5.3.6.2); an invalid one is ignored. */
  #handle({ port: index, event, value }: ControlMessage): void {
    const port = this.#ports[index];
    if (event === CONTROL_DEVICE_READY && value === 1) this.#announcePorts();
    else if (port === undefined) return;
    else if (event === CONTROL_PORT_READY && value === 1) this.#describePort(index, port);
    else if (event === CONTROL_PORT_OPEN) port.open = value === 1;
  }

  #announcePorts(): void {
    this.#ports.forEach((_, port) => this.#post(port, CONTROL_DEVICE_ADD, 1));
  }

  #describePort(index: number, { name }: ConsolePort): void {
    if (index === 0) {
      this.#post(index, CONTROL_CONSOLE_PORT, 1);
      this.#postSize();
    } else {
      this.#post(index, CONTROL_PORT_NAME, 1, [...new TextEncoder().encode(name)]);
    }
    this.#post(index, CONTROL_PORT_OPEN, 1);
  }

  #postSize(): void {
    const { columns, rows } = this.#size;
    this.#post(0, CONTROL_RESIZE, 1, [columns & 0xff, columns >> 8, rows & 0xff, rows >> 8]);
  }

  #post(port: number, event: number, value: number, payload?: readonly number[]): void {
    this.#control?.post(encodeMessage({ port, event, value }, payload));
  }

  #decodeMessages(state: unknown): readonly Uint8Array[] {
    if (this.#control !== undefined) return this.#control.decode(state);
    if (!Array.isArray(state) || state.length !== 0) throw new VdevStateError('messages of a console with one port');
    return [];
  }
}

function decodeOpen(state: unknown, ports: number): readonly boolean[] {
  if (!Array.isArray(state) || state.length !== ports) throw new VdevStateError(`open is not an array of ${ports}`);
  return Array.from({ length: ports }, (_, index) => requireBoolean((state as readonly unknown[])[index], 'open'));
}
