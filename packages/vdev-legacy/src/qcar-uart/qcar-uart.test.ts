import { createVdev, FakeDeviceTreeContext } from '@qvm/testing';
import { qcarUart } from './type.js';

// The registers are tested in ../uart16550.
describe('qcar-uart', () => {
  it('describes itself for Linux', () => {
    expect(createVdev(qcarUart).vdev.deviceTree?.(new FakeDeviceTreeContext())).toEqual([
      {
        name: 'serial@9000000',
        properties: {
          compatible: 'ns16550a',
          reg: { cells: [0, 0x0900_0000, 0, 0x20] },
          'reg-shift': { cells: [2] },
          'reg-io-width': { cells: [4] },
          interrupts: { cells: [0, 1, 4] },
          'clock-frequency': { cells: [14_745_600] },
          'current-speed': { cells: [115_200] },
        },
      },
    ]);
  });

  it('has a register in each word, on any of its byte lanes', () => {
    const uart = createVdev(qcarUart);
    uart.write(0x1c, 0x5a, 4);
    expect([uart.read(0x1c, 1), uart.read(0x1c, 2), uart.read(0x1d, 1)]).toEqual([0x5a, 0x5a, 0]);
  });
});
