/** Numbers of the entropy device (VirtIO 1.2 §5.4). */

export const DEVICE_ID = 4;
/** Size of the queue. */
export const QUEUE_SIZE = 64;
