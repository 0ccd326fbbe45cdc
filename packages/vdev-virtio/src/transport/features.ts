import type { RingFeatures } from '../queue/create-ring.js';

/** Features of every device here (VirtIO 1.2, section 6). */
/** Only for drivers before VERSION_1: a buffer may be cut into descriptors anywhere (section 6.3). */
export const F_ANY_LAYOUT = 1n << 27n;
export const F_RING_INDIRECT_DESC = 1n << 28n;
export const F_RING_EVENT_IDX = 1n << 29n;
export const F_VERSION_1 = 1n << 32n;
export const F_RING_PACKED = 1n << 34n;

const NAMES: Readonly<Record<number, string>> = {
  27: 'ANY_LAYOUT',
  28: 'RING_INDIRECT_DESC',
  29: 'RING_EVENT_IDX',
  32: 'VERSION_1',
  34: 'RING_PACKED',
};

/** The features that rings depend on. */
export function ringFeatures(features: bigint): RingFeatures {
  return {
    packed: (features & F_RING_PACKED) !== 0n,
    indirect: (features & F_RING_INDIRECT_DESC) !== 0n,
    eventIndex: (features & F_RING_EVENT_IDX) !== 0n,
  };
}

/** The names of the features that are set, in the order of their bits; `bit N` for those without one. */
export function featureNames(features: bigint, ofType: Readonly<Record<number, string>> = {}): readonly string[] {
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => ((features >> BigInt(bit)) & 1n) !== 0n)
    .map((bit) => NAMES[bit] ?? ofType[bit] ?? `bit ${bit}`);
}
