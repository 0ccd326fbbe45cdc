/** The kinds of packages that `qvm vdev new` makes. */
export const VDEV_KINDS = ['mmio', 'virtio', 'hook'] as const;

/** One of {@link VDEV_KINDS}. */
export type VdevKind = (typeof VDEV_KINDS)[number];
