import type { Board } from '../board/board.js';
import { firmwareMemory } from './firmware-memory.js';
import type { VmOptions } from './vm-options.js';

const MIB = 2 ** 20;
const FIRMWARE: Board['firmware'] = { end: 2 ** 32, ram: [{ base: 0xc_0000, size: 0x4_0000 }], vdevs: [] };
const memoryOf = (firmware: Board['firmware'], firmwareBytes: number | undefined, ram: VmOptions['ram']) => {
  const board = (firmware === undefined ? {} : { firmware }) as Board;
  return firmwareMemory({ board, ram, ...(firmwareBytes === undefined ? {} : { firmwareBytes }) } as VmOptions);
};
const ROM = { kind: 'rom', name: 'firmware', base: 2 ** 32 - 0x4_0000, size: 0x4_0000 };
const SHADOW = { kind: 'ram', name: 'shadow0', base: 0xc_0000, size: 0x4_0000 };

it('is ROM of the size of the image up to its end, and the RAM of the board', () => {
  expect(memoryOf(FIRMWARE, 0x4_0000, [{ size: 16 * MIB }])).toEqual([ROM, SHADOW]);
});

it('is nothing for other images, and on boards that know no firmware', () => {
  expect(memoryOf(FIRMWARE, undefined, [{ size: MIB }])).toEqual([]);
  expect(memoryOf(undefined, 0x4_0000, [{ size: MIB }])).toEqual([]);
});

it('gives way to memory of the configuration', () => {
  expect(memoryOf(FIRMWARE, 0x4_0000, [{ size: MIB }, { ...ROM, kind: 'rom', base: ROM.base - 0x1000 }])).toEqual([
    SHADOW,
  ]);
  expect(memoryOf(FIRMWARE, 0x4_0000, [{ base: 0xf_0000, size: 0x1_0000 }])).toEqual([ROM]);
});
