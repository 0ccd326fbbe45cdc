import type { Board } from '@qvm/core/board';

/** A board of a machine with I/O ports and no places: the testing kit chooses them. */
export const portBoard: Board = {
  name: 'ports',
  description: 'I/O ports',
  architecture: 'x86_64',
  ram: { base: 0 },
  places: {},
  implicitVdevs: [],
  ioPorts: true,
  interrupts: { first: 0, last: 23 },
  deviceTree: { compatible: 'test,ports', model: 'ports' },
};
