import { IoPortMap } from './io-port-map.js';
import type { MmioHandler } from './memory-region.js';

const handler: MmioHandler = { read: () => 0, write: () => undefined };

describe('I/O ports', () => {
  it('finds who has a port, and nobody elsewhere', () => {
    const ports = new IoPortMap();
    expect(ports.find(0x60)).toBeUndefined();
    ports.add('keyboard', 0x60, 1, handler);
    ports.add('status', 0x64, 1, handler);
    ports.add('serial', 0x3f8, 8, handler);
    ports.add('last', 0xffff, 1, handler);
    const names = [0x5f, 0x60, 0x61, 0x64, 0x3f7, 0x3f8, 0x3ff, 0x400, 0xffff, 0x1_0000].map(
      (port) => ports.find(port)?.name,
    );
    expect(names).toEqual([
      ...[undefined, 'keyboard', undefined, 'status', undefined, 'serial', 'serial', undefined, 'last', undefined],
    ]);
    expect(ports.regions).toHaveLength(4);
  });

  it('refuses a range that another has, naming both', () => {
    const ports = new IoPortMap();
    ports.add('serial', 0x3f8, 8, handler);
    expect(() => ports.add('other', 0x3f0, 9, handler)).toThrow(
      expect.objectContaining({
        code: 'memory.overlap',
        message: 'other (ports 0x03f0 to 0x03f8) overlaps serial (ports 0x03f8 to 0x03ff).',
      }),
    );
    expect(ports.find(0x3f0)).toBeUndefined();
  });

  it.each([
    [-1, 1],
    [0, 0],
    [0xffff, 2],
    [1.5, 1],
    [0, NaN],
  ])('refuses the range %p, %p', (base, size) => {
    expect(() => new IoPortMap().add('serial', base, size, handler)).toThrow(
      expect.objectContaining({ code: 'memory.range' }),
    );
  });
});
