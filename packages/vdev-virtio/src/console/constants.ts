/** Numbers of the console device, under the names of VirtIO 1.2 §5.3 without the prefix VIRTIO_CONSOLE. */

export const DEVICE_ID = 3;

/** Feature bits (§5.3.3). */
export const F_SIZE = 1n << 0n;
export const F_MULTIPORT = 1n << 1n;
export const F_EMERG_WRITE = 1n << 2n;

export const FEATURE_NAMES: Readonly<Record<number, string>> = { 0: 'SIZE', 1: 'MULTIPORT', 2: 'EMERG_WRITE' };

/** Sizes of the queues of one port, and of the control queues. */
export const DATA_QUEUE_SIZE = 128;
export const CONTROL_QUEUE_SIZE = 64;

/** Queues 2 and 3 are the control queues; those of port 1 follow (§5.3.2). */
export const CONTROL_RECEIVE = 2;
export const CONTROL_TRANSMIT = 3;

/** Kind of a control message (§5.3.6.2). */
export const CONTROL_DEVICE_READY = 0;
export const CONTROL_DEVICE_ADD = 1;
export const CONTROL_PORT_READY = 3;
export const CONTROL_CONSOLE_PORT = 4;
export const CONTROL_RESIZE = 5;
export const CONTROL_PORT_OPEN = 6;
export const CONTROL_PORT_NAME = 7;
