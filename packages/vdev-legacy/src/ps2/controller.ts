import { INPUT_DEVICES } from '@qvm/core/services';
import { requireObject, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { DeviceTreeContext, DeviceTreeNode, MmioHandler, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';
import { Ps2Inputs } from './inputs.js';
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
export class Ps2Controller implements Vdev {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly #context: VdevContext;
  readonly #inputs = new Ps2Inputs();
  readonly #lines: readonly Line[];

  constructor(context: VdevContext, createPort: Ps2PortFactory) {
    this.#context = context;
    this.#lines = PS2_LINES.map((name) => {
      const device = this.#inputs[name];
      return { name, device, port: createPort(device, context.interrupt(name)) };
    });
    this.mmio = Object.fromEntries(this.#lines.map(({ name, port }) => [name, port]));
    context.offer(INPUT_DEVICES, this.#inputs);
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
