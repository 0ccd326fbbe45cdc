/** Numbers of the entropy device (VirtIO 1.2 §5.4). */

export const DEVICE_ID = 4;
/** Buffers that the queue can have. */
export const QUEUE_SIZE = 64;
