import type { OptionSpec } from '@qvm/core';
import type { VirtioContext, VirtioDeviceType, VirtqueueSpec } from '../device/virtio-device.js';
import { ConsoleRegistry, VIRTIO_CONSOLES } from './consoles.js';
import { ConsoleDevice } from './device.js';
import { portsOf } from './ports-option.js';
import type { PortSpec } from './ports-option.js';

const DATA_QUEUE_SIZE = 128;
const CONTROL_QUEUE_SIZE = 64;

const sizeOption = (name: string, description: string, value: string): OptionSpec => ({
  name,
  kind: 'number',
  description,
  min: 0,
  max: 0xffff,
  default: value,
});

/**
 * VirtIO console device.
 *
 * @experimental
 */
export const virtioConsole: VirtioDeviceType = {
  type: 'virtio-console',
  description: 'VirtIO console, and byte streams between guest and host',
  deviceId: 3,
  featureNames: { 0: 'SIZE', 1: 'MULTIPORT', 2: 'EMERG_WRITE' },
  options: [
    {
      name: 'hostdev',
      kind: 'string',
      description: 'Where the characters of the console go and come from: stdio, null, pty, file:PATH and so on',
      required: true,
    },
    {
      name: 'port',
      kind: 'string',
      description: 'A further port, NAME:HOSTDEV; Linux has it as /dev/virtio-ports/NAME',
      repeatable: true,
    },
    sizeOption('columns', 'Width of the terminal in characters', '80'),
    sizeOption('rows', 'Height of the terminal in characters', '25'),
  ],
  queues: (options) => queuesOf(portsOf(options)),
  create(context, options) {
    const size = { columns: Number(options['columns']), rows: Number(options['rows']) };
    const device = new ConsoleDevice(context, portsOf(options), size);
    register(context, device);
    return device;
  },
};

/** VirtIO 1.2, section 5.3.2: port 0, control, port 1 and so on. */
function queuesOf(ports: readonly PortSpec[]): readonly VirtqueueSpec[] {
  const data = ports.map((_, index) => queuePair(`${index}`, DATA_QUEUE_SIZE));
  return ports.length === 1
    ? data.flat()
    : [...data.slice(0, 1), queuePair('Control', CONTROL_QUEUE_SIZE), ...data.slice(1)].flat();
}

function queuePair(suffix: string, maxSize: number): readonly VirtqueueSpec[] {
  return [
    { name: `receive${suffix}`, maxSize },
    { name: `transmit${suffix}`, maxSize },
  ];
}

/** The first console of a VM offers the service; later ones join it. */
function register({ vdev }: VirtioContext, device: ConsoleDevice): void {
  const present = vdev.optionalAttachment(VIRTIO_CONSOLES);
  const registry = present instanceof ConsoleRegistry ? present : new ConsoleRegistry();
  if (registry !== present) vdev.offer(VIRTIO_CONSOLES, registry);
  registry.add(vdev.name, (columns, rows) => vdev.post(() => device.resize(columns, rows)));
}
