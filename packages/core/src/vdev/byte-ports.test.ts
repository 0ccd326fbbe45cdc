import { BytePorts } from './byte-ports.js';

describe('BytePorts', () => {
  const written: (readonly [number, number])[] = [];
  const ports = new BytePorts({
    readByte: (port) => 0x81 + port,
    writeByte: (port, value) => written.push([port, value]),
  });
  beforeEach(() => written.splice(0));

  it('reads one byte for each byte of an access, lowest port first, as an unsigned number', () => {
    expect([ports.read(2, 1), ports.read(0, 2), ports.read(1, 4)]).toEqual([0x83, 0x8281, 0x8584_8382]);
  });

  it('writes one byte for each byte of an access, lowest port first', () => {
    ports.write(1, 1, 0xff);
    ports.write(2, 4, 0x8765_4321);
    expect(written).toEqual([
      [1, 0xff],
      [2, 0x21],
      [3, 0x43],
      [4, 0x65],
      [5, 0x87],
    ]);
  });
});
