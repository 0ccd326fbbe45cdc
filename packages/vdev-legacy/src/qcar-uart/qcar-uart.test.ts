import { createVdev, describeVdevContract, FakeDeviceTreeContext } from '@qvm/testing';
import type { CreateVdevOptions, ScriptedCharacterBackend, VdevHarness } from '@qvm/testing';
import * as fc from 'fast-check';
import { baudOf, divisorOf } from '../uart16550/baud.js';
import { QCAR_UART_CLOCK_HZ } from './device.js';
import { qcarUart } from './type.js';

const RBR = 0x00;
const THR = 0x00;
const DLL = 0x00;
const IER = 0x04;
const DLM = 0x04;
const IIR = 0x08;
const FCR = 0x08;
const LCR = 0x0c;
const MCR = 0x10;
const LSR = 0x14;
const MSR = 0x18;
const SCR = 0x1c;

const RDI = 1;
const THRI = 2;
const RLSI = 4;
const MSI = 8;
const DR = 0x01;
const OE = 0x02;
const SETTLING_NS = 100_000;

interface Uart extends VdevHarness {
  readonly backend: ScriptedCharacterBackend;
  readonly level: () => boolean;
}

function createUart(setup?: CreateVdevOptions): Uart {
  const harness = createVdev(qcarUart, setup);
  const backend = harness.context.backends.get('stdio');
  if (backend === undefined) throw new Error('stdio was not opened');
  return { ...harness, backend, level: () => harness.context.interrupt('uart').level };
}

/** A UART with FIFOs on, trigger at 8, reception unmasked. */
function createListeningUart(): Uart {
  const uart = createUart();
  uart.write(FCR, 0x81);
  uart.write(IER, RDI | RLSI);
  uart.context.clock.advance(SETTLING_NS);
  return uart;
}

function drain(uart: Uart): string {
  let text = '';
  while ((uart.read(LSR) & DR) !== 0) text += String.fromCharCode(uart.read(RBR));
  return text;
}

describeVdevContract(qcarUart, {
  change: ({ write, context }) => {
    write(LCR, 0x83);
    write(DLL, 0x34);
    write(DLM, 0x12);
    write(LCR, 3);
    write(FCR, 0xc1);
    write(IER, RDI | THRI);
    write(MCR, 0x0b);
    write(THR, 0x41);
    context.clock.advance(SETTLING_NS);
    context.backends.get('stdio')?.feed('typed');
    context.clock.advance(1e6);
  },
});

describe('qcar-uart', () => {
  it('has the reset values of the data sheet', () => {
    const uart = createUart();
    expect([IER, IIR, LCR, MCR, LSR, SCR].map((offset) => uart.read(offset))).toEqual([0, 1, 0, 0, 0x60, 0]);
    expect(uart.read(MSR)).toBe(0xb0);
  });

  it('sends at once, in order', () => {
    const uart = createUart();
    for (const character of 'hello') uart.write(THR, character.charCodeAt(0), 1);
    expect(uart.backend.output).toBe('hello');
    expect(uart.read(LSR)).toBe(0x60);
  });

  it('keeps the divisor, selected by DLAB, and starts with that of the option', () => {
    const uart = createUart({ options: { baud: 9600 } });
    expect(uart.vdev.status()).toMatchObject({ baud: 9600, divisor: 96 });
    uart.write(LCR, 0x80);
    expect([uart.read(DLL), uart.read(DLM)]).toEqual([96, 0]);
    uart.write(DLL, 0x01);
    uart.write(DLM, 0x00);
    uart.write(LCR, 0x03);
    expect([uart.read(IER), uart.backend.output]).toEqual([0, '']);
    expect(uart.vdev.status()).toMatchObject({ baud: 921_600, divisor: 1 });
  });

  it('divides its clock to all usual rates exactly', () => {
    for (const baud of [50, 300, 1200, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600]) {
      expect(baudOf(divisorOf(baud, QCAR_UART_CLOCK_HZ), QCAR_UART_CLOCK_HZ)).toBe(baud);
    }
    expect(baudOf(0, QCAR_UART_CLOCK_HZ)).toBe(0);
  });

  it('implements the bits that it has, and no more', () => {
    const uart = createUart();
    for (const offset of [IER, MCR, LCR, SCR]) uart.write(offset, 0x7f);
    expect([IER, MCR, LCR, SCR].map((offset) => uart.read(offset))).toEqual([0x0f, 0x1f, 0x7f, 0x7f]);
  });

  it('describes itself for Linux', () => {
    expect(createUart().vdev.deviceTree?.(new FakeDeviceTreeContext())).toEqual([
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
});

describe('qcar-uart reception', () => {
  it.each([
    [0, 1],
    [1, 4],
    [2, 8],
    [3, 14],
  ])('trigger %i means %i characters', (select, level) => {
    const uart = createListeningUart();
    uart.write(FCR, (select << 6) | 1);
    uart.backend.feed('x'.repeat(level - 1));
    expect(uart.level()).toBe(false);
    uart.backend.feed('x');
    expect([uart.level(), uart.read(IIR)]).toEqual([true, 0xc4]);
    uart.read(RBR);
    expect([uart.level(), uart.read(IIR)]).toEqual([false, 0xc1]);
  });

  it('raises the character time-out for those below the trigger, until one is read', () => {
    const uart = createListeningUart();
    uart.backend.feed('ab');
    expect(uart.read(IIR)).toBe(0xc1);
    uart.context.clock.advance(347_300);
    expect([uart.level(), uart.read(IIR)]).toEqual([true, 0xcc]);
    expect(uart.read(RBR)).toBe(0x61);
    expect(uart.level()).toBe(false);
    uart.context.clock.advance(347_300);
    expect(drain(uart)).toBe('b');
    expect(uart.context.clock.nextDeadline).toBeUndefined();
  });

  it('holds one character while the FIFOs are off', () => {
    const uart = createUart();
    uart.write(IER, RDI);
    uart.context.clock.advance(SETTLING_NS);
    uart.backend.feed('abc');
    expect([uart.read(IIR), uart.backend.available]).toEqual([0x04, 2]);
    expect(drain(uart)).toBe('abc');
  });

  it('takes no more than fits, and loses nothing', () => {
    const uart = createListeningUart();
    const text = Array.from({ length: 1000 }, (_, index) => String.fromCharCode(index & 0x7f)).join('');
    uart.backend.feed(text);
    expect(uart.backend.available).toBe(1000 - 16);
    expect(drain(uart)).toBe(text);
    expect(uart.read(LSR) & OE).toBe(0);
  });

  it('leaves early input alone until the guest listens', () => {
    const uart = createUart();
    uart.backend.feed('early');
    // Linux, drivers/tty/serial/8250/8250_port.c, serial8250_do_startup: clears FIFOs and registers, then enables.
    uart.write(FCR, 1);
    uart.write(FCR, 7);
    uart.write(FCR, 0);
    for (const offset of [LSR, RBR, IIR, MSR]) uart.read(offset);
    uart.write(FCR, 0x81);
    uart.write(IER, RDI | RLSI);
    uart.context.clock.advance(1e6);
    expect(drain(uart)).toBe('early');
  });

  it('serves a guest that polls LSR', () => {
    const uart = createUart();
    uart.backend.feed('hi');
    let text = '';
    for (let polls = 0; polls < 20; polls++) {
      text += (uart.read(LSR) & DR) === 0 ? '' : String.fromCharCode(uart.read(RBR));
    }
    expect(text).toBe('hi');
  });

  it('clears the receive FIFO on command, and when the FIFOs are turned off', () => {
    for (const command of [0x83, 0x00]) {
      const uart = createListeningUart();
      uart.backend.feed('abc');
      uart.write(FCR, command);
      expect(uart.read(LSR) & DR).toBe(0);
    }
  });
});

describe('qcar-uart interrupts', () => {
  it('have the priorities of table IV', () => {
    const uart = createUart();
    uart.write(FCR, 0x01);
    uart.write(MCR, 0x10);
    uart.write(MCR, 0x12);
    for (let index = 0; index < 17; index++) uart.write(THR, index);
    uart.write(IER, RDI | THRI | RLSI | MSI);
    expect(uart.read(IIR) & 0xf).toBe(6);
    uart.read(LSR);
    expect(uart.read(IIR) & 0xf).toBe(4);
    for (let index = 0; index < 16; index++) uart.read(RBR);
    expect(uart.read(IIR) & 0xf).toBe(2);
    expect(uart.read(IIR) & 0xf).toBe(0);
    uart.read(MSR);
    expect([uart.read(IIR) & 0xf, uart.level()]).toEqual([1, false]);
  });

  it('of the transmitter comes when enabled, goes when read, comes with the next character', () => {
    const uart = createUart();
    uart.write(IER, THRI);
    expect([uart.level(), uart.read(IIR), uart.level()]).toEqual([true, 2, false]);
    // The test for a missing interrupt in serial8250_do_startup: disabling and enabling raises it again.
    uart.write(IER, 0);
    uart.write(IER, THRI);
    expect(uart.read(IIR)).toBe(2);
    uart.write(THR, 0x41);
    expect([uart.level(), uart.read(IIR)]).toEqual([true, 2]);
  });
});

describe('qcar-uart loopback', () => {
  it('passes the probe of Linux (autoconfig: MCR 0x1a gives MSR 0x90)', () => {
    const uart = createUart();
    uart.write(MCR, 0x1a);
    expect(uart.read(MSR) & 0xf0).toBe(0x90);
    uart.write(MCR, 0);
    uart.write(FCR, 1);
    expect(uart.read(IIR) >> 6).toBe(3);
  });

  it('receives what it sends, loses what is too much and says so once', () => {
    const uart = createUart();
    uart.write(FCR, 1);
    uart.write(MCR, 0x10);
    for (let index = 0; index < 18; index++) uart.write(THR, index);
    expect([uart.read(LSR) & OE, uart.read(LSR) & OE, uart.backend.output]).toEqual([OE, 0, '']);
    expect(drain(uart)).toHaveLength(16);
  });

  it('tells of changed modem lines, and of a ring only when it ends', () => {
    const uart = createUart();
    uart.write(MCR, 0x10);
    expect(uart.read(MSR)).toBe(0x0b);
    uart.write(MCR, 0x14);
    expect(uart.read(MSR)).toBe(0x40);
    uart.write(MCR, 0x10);
    expect(uart.read(MSR)).toBe(0x04);
  });
});

describe('qcar-uart and hostile guests', () => {
  it('has its line high exactly when IIR says that something is pending', () => {
    const step = fc.oneof(
      fc.record({ offset: fc.integer({ min: 0, max: 7 }), value: fc.integer({ min: 0, max: 255 }) }),
      fc.record({ feed: fc.string({ maxLength: 20 }) }),
      fc.record({ advance: fc.integer({ min: 0, max: 2_000_000 }) }),
      fc.record({ read: fc.integer({ min: 0, max: 7 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const uart = createUart();
        for (const action of steps) {
          if ('offset' in action) uart.write(action.offset * 4, action.value);
          else if ('feed' in action) uart.backend.feed(action.feed);
          else if ('advance' in action) uart.context.clock.advance(action.advance);
          else uart.read(action.read * 4);
          const level = uart.level();
          expect((uart.read(IIR) & 1) === 0).toBe(level);
        }
        uart.vdev.restore(uart.vdev.save());
      }),
    );
  });
});
