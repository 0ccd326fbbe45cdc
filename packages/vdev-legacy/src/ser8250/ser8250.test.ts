import { createVdev, FakeDeviceTreeContext } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import { portBoard } from '../ports/port-board.test.helper.js';
import { ser8250 } from './type.js';

const IER = 1;
const IIR = 2;
const FCR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;
const SCR = 7;
const OUT2 = 0x08;

function create(): VdevHarness & { readonly level: () => boolean } {
  const harness = createVdev(ser8250, { context: { board: portBoard } });
  return { ...harness, level: () => harness.context.interrupt('uart').level };
}

// The registers are tested in ../uart16550.
describe('ser8250', () => {
  it('is found by Linux as a 16550A (8250_port.c, autoconfig)', () => {
    const { read, write } = create();
    write(IER, 0);
    expect(read(IER)).toBe(0);
    write(IER, 0x0f);
    expect(read(IER) & 0x0f).toBe(0x0f);
    write(IER, 0);
    write(MCR, 0x1a);
    expect(read(MSR) & 0xf0).toBe(0x90);
    write(MCR, 0);
    write(FCR, 1);
    expect(read(IIR) >>> 6).toBe(3);
    // size_fifo: neither a 16650 (EFR) nor a 16750 (64 bytes).
    write(LCR, 0x80);
    expect(read(FCR) >>> 5).toBe(6);
    write(LCR, 0);
    write(SCR, 0xa5);
    expect(read(SCR)).toBe(0xa5);
  });

  it('connects its interrupt by OUT2', () => {
    const uart = create();
    uart.write(IER, 0x02);
    expect([uart.level(), uart.read(MCR)]).toEqual([false, 0]);
    uart.write(IER, 0);
    uart.write(IER, 0x02);
    uart.write(MCR, OUT2);
    expect(uart.level()).toBe(true);
    // In loopback, the output is inactive.
    uart.write(MCR, OUT2 | 0x10);
    expect(uart.level()).toBe(false);
    uart.write(MCR, 0);
    expect(uart.level()).toBe(false);
  });

  it('takes a wide access as several of a byte', () => {
    const uart = create();
    // IER in the low byte, FCR in the high one.
    uart.write(IER, 0x0101, 2);
    expect([uart.read(IER), uart.read(IIR), uart.read(LCR, 2), uart.read(MCR, 4)]).toEqual([1, 0xc1, 0, 0x00b0_6000]);
    expect(uart.read(LSR, 4)).toBe(0x0000_b060);
  });

  it('has no node in a device tree at I/O ports, and one in memory', () => {
    expect(create().vdev.deviceTree?.(new FakeDeviceTreeContext())).toEqual([]);
    const [node] = createVdev(ser8250).vdev.deviceTree?.(new FakeDeviceTreeContext()) ?? [];
    expect(node).toMatchObject({
      name: 'serial@9000000',
      properties: {
        'reg-shift': { cells: [0] },
        'reg-io-width': { cells: [1] },
        'clock-frequency': { cells: [1_843_200] },
      },
    });
  });
});
