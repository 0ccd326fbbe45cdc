import { createVdev, describeVdevContract } from '@qvm/testing';
import { portBoard } from '../ports/port-board.test.helper.js';
import { debugPort } from './type.js';

const setup = { context: { board: portBoard } };

describeVdevContract(debugPort, { ...setup, change: ({ write }) => write(0, 0x42, 1, 'post') });

describe('debug-port', () => {
  it('passes text of both ports on, in order', () => {
    const { write, context, vdev } = createVdev(debugPort, { ...setup, options: { hostdev: 'stdio' } });
    write(0, 0x48, 1, 'bochs');
    write(0, 0x69, 1, 'firmware');
    write(0, 0x0a, 1, 'bochs');
    expect([context.backends.get('stdio')?.output, vdev.status().bytesOut]).toEqual(['Hi\n', 3]);
  });

  it('is recognised by SeaBIOS, and has no output unless it is asked for', () => {
    const { read, write, context } = createVdev(debugPort, setup);
    expect([read(0, 1, 'firmware'), read(0, 1, 'bochs')]).toEqual([0xe9, 0xe9]);
    write(0, 0x48, 1, 'firmware');
    expect([...context.backends.keys()]).toEqual(['null']);
  });

  it('keeps the last POST code', () => {
    const { read, write, vdev } = createVdev(debugPort, setup);
    write(0, 0x12, 1, 'post');
    write(0, 0x34, 1, 'post');
    expect([read(0, 1, 'post'), vdev.status().postCode]).toEqual([0x34, 0x34]);
  });
});
