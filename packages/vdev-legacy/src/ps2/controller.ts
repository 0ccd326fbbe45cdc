import { QvmError } from '@qvm/core';
import { INPUT_DEVICES } from '@qvm/core/services';
import { requireObject, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { InputDevices } from '@qvm/core/services';
import type { DeviceTreeContext, DeviceTreeNode, MmioHandler, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';
import { Ps2Keyboard } from './keyboard.js';
import { Ps2Mouse } from './mouse.js';
import type { Ps2Device } from './ps2-device.js';
import type { Ps2Port, Ps2PortFactory } from './port.js';

const STATE_VERSION = 1;

/** The names of the two lines, of their registers and interrupts. @internal */
export const PS2_LINES = ['keyboard', 'mouse'] as const;

interface Line {
  readonly name: string;
  readonly device: Ps2Device;
  readonly port: Ps2Port;
}

/**
 * Keyboard and mouse on two ports of the same type. Offers `INPUT_DEVICES`.
 *
 * @internal
 */
export class Ps2Controller implements Vdev, InputDevices {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly #context: VdevContext;
  readonly #keyboard = new Ps2Keyboard();
  readonly #mouse = new Ps2Mouse();
  readonly #lines: readonly Line[];

  constructor(context: VdevContext, createPort: Ps2PortFactory) {
    this.#context = context;
    this.#lines = PS2_LINES.map((name) => {
      const device = name === 'keyboard' ? this.#keyboard : this.#mouse;
      return { name, device, port: createPort(device, context.interrupt(name)) };
    });
    this.mmio = Object.fromEntries(this.#lines.map(({ name, port }) => [name, port]));
    context.offer(INPUT_DEVICES, this);
  }

  type(text: string): string {
    return this.#keyboard.type(text);
  }

  key(code: string, pressed: boolean): void {
    if (!this.#keyboard.key(code, pressed)) throw new QvmError('input.key', `the keyboard has no key ${code}`);
  }

  pointer(dx: number, dy: number, buttons: number): void {
    this.#mouse.move(dx, dy, buttons);
  }

  reset(): void {
    for (const { device, port } of this.#lines) {
      device.powerOn();
      port.reset();
    }
  }

  save(): VdevState {
    const lines = this.#lines.map(({ name, device, port }) => [name, { device: device.save(), port: port.save() }]);
    return { version: STATE_VERSION, state: Object.fromEntries(lines) as Json };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, PS2_LINES, 'ps2 state');
    const changes = this.#lines.flatMap(({ name, device, port }, index) => {
      const line = requireObject(state[PS2_LINES[index] ?? 'keyboard'], ['device', 'port'], name);
      return [port.decode(line.port), device.decode(line.device)];
    });
    for (const apply of changes) apply();
  }

  status(): Readonly<Record<string, Json>> {
    return Object.fromEntries(this.#lines.map(({ name, device }) => [name, device.status()]));
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    return this.#lines.flatMap(({ name, port }) => port.deviceTree(this.#context.mmioBase[name] ?? 0, context));
  }

  dispose(): void {}
}
