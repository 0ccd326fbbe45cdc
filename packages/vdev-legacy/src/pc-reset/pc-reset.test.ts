import { createVdev, describeVdevContract } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import { portBoard } from '../ports/port-board.test.helper.js';
import { pcReset } from './type.js';

const setup = { context: { board: portBoard } };
const create = (): VdevHarness => createVdev(pcReset, setup);

describeVdevContract(pcReset, { ...setup, change: ({ write }) => write(0, 0x00) });

describe('pc-reset', () => {
  it('resets the machine by bit 0 of port 92h', () => {
    const { read, write, context } = create();
    write(0, read(0) & ~1);
    expect(context.powerRequests).toEqual([]);
    write(0, read(0) | 1);
    expect([context.powerRequests, read(0) & 1]).toEqual([['reset'], 0]);
  });

  it('keeps the bit of address line A20', () => {
    const { read, write, vdev } = create();
    expect([read(0), vdev.status().a20]).toEqual([2, true]);
    write(0, 0);
    expect([read(0), vdev.status().a20]).toEqual([0, false]);
    write(0, 0xfe);
    expect(read(0)).toBe(2);
  });

  it('resets the machine by a rise of RST_CPU at port CF9h (Linux, reboot.c, BOOT_CF9_FORCE)', () => {
    const { read, write, context } = create();
    const cf9 = read(0, 1, 'reset') & ~6;
    write(0, cf9 | 2, 1, 'reset');
    expect([context.powerRequests, read(0, 1, 'reset')]).toEqual([[], 2]);
    write(0, cf9 | 6, 1, 'reset');
    expect([context.powerRequests, read(0, 1, 'reset')]).toEqual([['reset'], 6]);
    write(0, 6, 1, 'reset');
    expect(context.powerRequests).toEqual(['reset']);
    write(0, 0x0a, 1, 'reset');
    write(0, 0x0e, 1, 'reset');
    expect(context.powerRequests).toEqual(['reset', 'reset']);
  });
});
