import type { PortHandler } from '@qvm/core/vdev';
import { CONFIG_PORT_REMAINDER } from '@qvm/pci';
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
    const { context } = create();
    const remainder = context.offers.get(CONFIG_PORT_REMAINDER.key) as PortHandler;
    const cf9 = remainder.read(1, 1) & ~6;
    remainder.write(1, 1, cf9 | 2);
    expect([context.powerRequests, remainder.read(1, 1)]).toEqual([[], 2]);
    remainder.write(1, 1, cf9 | 6);
    expect([context.powerRequests, remainder.read(1, 1)]).toEqual([['reset'], 6]);
    remainder.write(1, 1, 6);
    expect(context.powerRequests).toEqual(['reset']);
    remainder.write(1, 1, 0x0a);
    remainder.write(1, 1, 0x0e);
    expect(context.powerRequests).toEqual(['reset', 'reset']);
  });

  it('has nothing else at ports CF8h to CFBh', () => {
    const { context } = create();
    const remainder = context.offers.get(CONFIG_PORT_REMAINDER.key) as PortHandler;
    remainder.write(0, 2, 0x0600);
    remainder.write(2, 1, 0x06);
    const values = [remainder.read(0, 2), remainder.read(0, 1), remainder.read(1, 1)];
    expect([values, context.powerRequests]).toEqual([[0xffff, 0xff, 0], []]);
  });
});
