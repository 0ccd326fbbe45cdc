import type { VirtioDeviceType, VirtqueueSpec } from '../device/virtio-device.js';
import { CONTROL_QUEUE_SIZE, DATA_QUEUE_SIZE, DEVICE_ID, FEATURE_NAMES } from './constants.js';
import { ConsoleDevice } from './device.js';
import { CONSOLE_OPTIONS, portProblems, portsOf, type PortSpec } from './options.js';

/**
 * VirtIO console device.
 *
 * @experimental
 */
export const virtioConsole: VirtioDeviceType<typeof CONSOLE_OPTIONS> = {
  type: 'virtio-console',
  description: 'VirtIO console, and byte streams between guest and host',
  deviceId: DEVICE_ID,
  featureNames: FEATURE_NAMES,
  options: CONSOLE_OPTIONS,
  check: portProblems,
  queues: (options) => queuesOf(portsOf(options)),
  create: (context, options) =>
    new ConsoleDevice(context, portsOf(options), { columns: options.columns, rows: options.rows }),
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
