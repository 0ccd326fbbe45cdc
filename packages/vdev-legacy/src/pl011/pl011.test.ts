import { createVdev, describeVdevContract, FakeDeviceTreeContext } from '@qvm/testing';
import type { CreateVdevOptions, ScriptedCharacterBackend, VdevHarness } from '@qvm/testing';
import { SETTLING_NS } from '../serial/input-gate.js';
import { pl011 } from './type.js';

const DR = 0x00;
const RSR = 0x04;
const FR = 0x18;
const IBRD = 0x24;
const FBRD = 0x28;
const LCR_H = 0x2c;
const CR = 0x30;
const IFLS = 0x34;
const IMSC = 0x38;
const RIS = 0x3c;
const MIS = 0x40;
const ICR = 0x44;

const RXFE = 0x10;
const TXFF = 0x20;
const RXFF = 0x40;
const BUSY = 0x08;
const RXIS = 0x10;
const TXIS = 0x20;
const RTIS = 0x40;
const OEIS = 0x400;
/** Receive time-out at 115200 baud: 32 bits. */
const TIMEOUT_NS = 277_800;

interface Uart extends VdevHarness {
  readonly backend: ScriptedCharacterBackend;
  readonly level: () => boolean;
}

function createUart(setup?: CreateVdevOptions): Uart {
  const harness = createVdev(pl011, setup);
  const backend = harness.context.backends.get('stdio');
  if (backend === undefined) {
    throw new Error('stdio was not opened');
  }
  return { ...harness, backend, level: () => harness.context.interrupt('uart').level };
}

/** A UART with FIFOs on, trigger at 8, receiver on, RX and RT unmasked. */
function createListeningUart(): Uart {
  const uart = createUart();
  uart.write(LCR_H, 0x70);
  uart.write(IFLS, 2 << 3);
  uart.write(CR, 0x301);
  uart.write(IMSC, RXIS | RTIS);
  uart.context.clock.advance(SETTLING_NS);
  return uart;
}

function drain(uart: Uart): string {
  let text = '';
  while ((uart.read(FR, 2) & RXFE) === 0) {
    text += String.fromCharCode(uart.read(DR, 2) & 0xff);
  }
  return text;
}

describeVdevContract(pl011, {
  change: ({ write, context }) => {
    write(LCR_H, 0x70);
    write(CR, 0x301);
    write(IMSC, RXIS | RTIS | TXIS);
    write(DR, 0x41);
    context.clock.advance(SETTLING_NS);
    context.backends.get('stdio')?.feed('typed');
    context.clock.advance(1e6);
  },
});

describe('pl011', () => {
  it('has the reset values of the manual', () => {
    const uart = createUart();
    expect([CR, IFLS, LCR_H, IMSC, RIS, MIS, RSR].map((offset) => uart.read(offset))).toEqual([
      0x300, 0x12, 0, 0, 0, 0, 0,
    ]);
    expect(uart.read(FR)).toBe(0x97);
  });

  it('is found by the amba bus of Linux', () => {
    const uart = createUart();
    const id = (first: number) =>
      [0, 1, 2, 3].reduce((value, index) => value + (uart.read(first + 4 * index) & 0xff) * 2 ** (8 * index), 0);
    // amba_cs_uci_id / struct amba_id of drivers/tty/serial/amba-pl011.c: id 0x00041011, mask 0x000fffff.
    expect(id(0xfe0) & 0x000f_ffff).toBe(0x0004_1011);
    expect(id(0xff0)).toBe(0xb105_f00d);
    // Revisions below 3 have 16-deep FIFOs.
    expect((id(0xfe0) >>> 20) & 0xf).toBe(1);
  });

  it('is described as on the virt board', () => {
    expect(createUart().vdev.deviceTree?.(new FakeDeviceTreeContext())).toEqual([
      {
        name: 'pl011@9000000',
        properties: {
          compatible: ['arm,pl011', 'arm,primecell'],
          reg: { cells: [0, 0x0900_0000, 0, 0x1000] },
          interrupts: { cells: [0, 1, 4] },
          'clock-names': ['uartclk', 'apb_pclk'],
          clocks: { cells: [1, 1] },
        },
      },
    ]);
  });

  it('opens the back end that hostdev names', () => {
    const { context } = createVdev(pl011, { options: { hostdev: 'file:log' } });
    expect([...context.backends.keys()]).toEqual(['file:log']);
  });
});

describe('pl011 transmission', () => {
  it('serves an early console that never set anything up', () => {
    const uart = createUart();
    for (const character of 'boot\n') {
      expect(uart.read(FR) & TXFF).toBe(0);
      uart.write(DR, character.charCodeAt(0), 1);
      expect(uart.read(FR) & BUSY).toBe(0);
    }
    expect(uart.backend.output).toBe('boot\n');
    expect(uart.level()).toBe(false);
  });

  it('raises TX when a character has left, until cleared or the mask is set', () => {
    const uart = createUart();
    uart.write(CR, 0x301);
    uart.write(IMSC, TXIS);
    expect(uart.level()).toBe(false); // A transition, not a level: nothing was sent yet.
    uart.write(DR, 0x41);
    expect([uart.level(), uart.read(MIS)]).toEqual([true, TXIS]);
    uart.write(ICR, TXIS);
    expect([uart.level(), uart.read(RIS)]).toEqual([false, 0]);
    uart.write(DR, 0x42);
    uart.write(IMSC, 0);
    expect([uart.level(), uart.read(RIS)]).toEqual([false, TXIS]);
  });
});

describe('pl011 reception', () => {
  it('raises RX at the trigger level and drops it below', () => {
    const uart = createListeningUart();
    uart.backend.feed('1234567');
    expect(uart.read(RIS)).toBe(0);
    uart.backend.feed('8');
    expect([uart.read(MIS), uart.level()]).toEqual([RXIS, true]);
    uart.read(DR);
    expect([uart.read(MIS), uart.level()]).toEqual([0, false]);
  });

  it.each([
    [0, 2],
    [1, 4],
    [2, 8],
    [3, 12],
    [4, 14],
    [7, 14],
  ])('RXIFLSEL %i means %i characters', (select, level) => {
    const uart = createListeningUart();
    uart.write(IFLS, select << 3);
    uart.backend.feed('x'.repeat(level - 1));
    expect(uart.read(RIS)).toBe(0);
    uart.backend.feed('x');
    expect(uart.read(RIS)).toBe(RXIS);
  });

  it('raises RT when characters wait for 32 bit periods, until the FIFO is empty', () => {
    const uart = createListeningUart();
    uart.backend.feed('ab');
    uart.context.clock.advance(TIMEOUT_NS - 100);
    expect(uart.level()).toBe(false);
    uart.context.clock.advance(100);
    expect([uart.level(), uart.read(MIS)]).toEqual([true, RTIS]);
    expect(uart.read(DR)).toBe(0x61);
    expect(uart.read(MIS)).toBe(RTIS);
    expect(uart.read(DR)).toBe(0x62);
    expect([uart.level(), uart.read(MIS)]).toEqual([false, 0]);
    expect(uart.context.clock.nextDeadline).toBeUndefined();
  });

  it('raises RT again when it is cleared while characters wait', () => {
    const uart = createListeningUart();
    uart.backend.feed('a');
    uart.context.clock.advance(TIMEOUT_NS);
    uart.write(ICR, RTIS);
    expect(uart.level()).toBe(false);
    uart.context.clock.advance(TIMEOUT_NS);
    expect(uart.level()).toBe(true);
  });

  it('takes the time-out from the divisor, within a millisecond', () => {
    const uart = createListeningUart();
    uart.write(IBRD, 1);
    uart.write(FBRD, 0x20); // 24 MHz / (16 × 1.5) = 1 Mbaud: 32 µs.
    uart.backend.feed('a');
    expect(uart.context.clock.nextDeadline).toBe(SETTLING_NS + 32_000);
    uart.read(DR);
    uart.write(IBRD, 0xffff);
    uart.backend.feed('a');
    expect(uart.context.clock.nextDeadline).toBe(SETTLING_NS + 1_000_000);
  });

  it('holds one character while the FIFOs are off, and raises RX for it', () => {
    const uart = createListeningUart();
    uart.write(LCR_H, 0x60);
    uart.backend.feed('abc');
    expect(uart.backend.available).toBe(2);
    expect([uart.read(FR) & RXFF, uart.read(MIS)]).toEqual([RXFF, RXIS]);
    expect(drain(uart)).toBe('abc');
    expect([uart.read(FR) & RXFE, uart.read(MIS)]).toEqual([RXFE, 0]);
  });

  it('keeps characters over a change of FEN', () => {
    const uart = createListeningUart();
    uart.backend.feed('0123456789');
    uart.write(LCR_H, 0x60);
    uart.write(LCR_H, 0x70);
    expect(drain(uart)).toBe('0123456789');
  });

  it('takes no more than fits, and the rest as the guest reads', () => {
    const uart = createListeningUart();
    const text = Array.from({ length: 1000 }, (_, index) => String.fromCharCode(index & 0x7f)).join('');
    uart.backend.feed(text);
    expect(uart.backend.available).toBe(1000 - 16);
    expect(drain(uart)).toBe(text);
    expect(uart.read(RIS) & OEIS).toBe(0);
  });

  it('leaves early input alone until the guest listens', () => {
    const uart = createUart();
    uart.backend.feed('early');
    uart.write(LCR_H, 0x70);
    uart.write(CR, 0x301);
    expect(uart.read(FR) & RXFE).toBe(RXFE);
    expect(uart.backend.available).toBe(5);
    uart.write(IMSC, RXIS | RTIS);
    expect(uart.backend.available).toBe(5);
    uart.context.clock.advance(SETTLING_NS);
    expect(drain(uart)).toBe('early');
  });

  it('takes nothing in loopback', () => {
    const uart = createListeningUart();
    uart.write(CR, 0x381);
    uart.backend.feed('x');
    expect(uart.backend.available).toBe(1);
    uart.write(CR, 0x301);
    expect(uart.backend.available).toBe(0);
  });

  it.each([undefined, 0x300, 0x101, 0])('sends and receives whatever is enabled in CR (%s)', (control) => {
    const uart = createUart();
    if (control !== undefined) uart.write(CR, control);
    uart.write(DR, 0x41);
    uart.write(IMSC, RXIS);
    uart.context.clock.advance(SETTLING_NS);
    uart.backend.feed('x');
    expect([uart.backend.output, uart.level(), drain(uart), uart.level()]).toEqual(['A', true, 'x', false]);
  });

  it('raises RX at the first character for a guest that wants no time-out', () => {
    const uart = createUart();
    uart.write(LCR_H, 0x70);
    uart.write(IMSC, RXIS);
    uart.context.clock.advance(SETTLING_NS);
    uart.backend.feed('ab');
    expect([uart.read(MIS), uart.level()]).toEqual([RXIS, true]);
    expect(uart.read(DR)).toBe(0x61);
    expect(uart.level()).toBe(true);
    expect(uart.read(DR)).toBe(0x62);
    expect(uart.level()).toBe(false);
    // A handler that acknowledges first, and then reads one character.
    uart.backend.feed('c');
    uart.write(ICR, 0x7ff);
    expect(uart.read(DR)).toBe(0x63);
    uart.backend.feed('d');
    expect(uart.level()).toBe(true);
  });

  it('raises RX when the time-out is masked while characters wait', () => {
    const uart = createListeningUart();
    uart.backend.feed('a');
    expect(uart.level()).toBe(false);
    uart.write(IMSC, RXIS);
    expect([uart.level(), uart.read(MIS)]).toEqual([true, RXIS]);
  });

  it('serves a guest that polls with its interrupts masked', () => {
    const uart = createUart();
    uart.write(CR, 0x301);
    uart.backend.feed('hi');
    let text = '';
    for (let polls = 0; polls < 20; polls++) {
      text += (uart.read(FR) & RXFE) === 0 ? String.fromCharCode(uart.read(DR)) : '';
    }
    expect(text).toBe('hi');
  });

  it('lets go of input when a snapshot is restored, not of what the FIFO held', () => {
    const uart = createListeningUart();
    uart.backend.feed('abcdefgh');
    const snapshot = uart.vdev.save();
    const other = createUart();
    other.backend.feed('XY');
    other.vdev.restore(snapshot);
    expect(other.level()).toBe(true);
    other.context.clock.advance(SETTLING_NS);
    expect(drain(other)).toBe('abcdefghXY');
  });

  it('raises the time-out that was running when it was saved', () => {
    const uart = createListeningUart();
    uart.backend.feed('a');
    const other = createUart();
    other.vdev.restore(uart.vdev.save());
    expect(other.level()).toBe(false);
    other.context.clock.advance(1e6);
    expect(other.read(MIS)).toBe(RTIS);
  });
});

describe('pl011 loopback', () => {
  function createLoopback(): Uart {
    const uart = createUart();
    uart.write(LCR_H, 0x70);
    uart.write(CR, 0x381);
    return uart;
  }

  it('receives what it sends, and the back end sees none of it', () => {
    const uart = createLoopback();
    uart.write(DR, 0x55);
    uart.write(DR, 0xaa);
    expect([uart.read(DR), uart.read(DR)]).toEqual([0x55, 0xaa]);
    expect(uart.backend.output).toBe('');
  });

  it('loses characters on overrun, and says so', () => {
    const uart = createLoopback();
    for (let index = 0; index < 17; index++) {
      uart.write(DR, index);
    }
    expect(uart.read(RIS) & OEIS).toBe(OEIS);
    expect(uart.read(RSR)).toBe(8);
    expect(uart.read(DR)).toBe(0x800);
    expect(uart.read(DR)).toBe(1);
    uart.write(RSR, 0);
    uart.write(ICR, OEIS);
    expect([uart.read(RSR), uart.read(RIS) & OEIS]).toEqual([0, 0]);
  });

  it('feeds the modem outputs to the inputs, with interrupts for changes', () => {
    const uart = createLoopback();
    uart.write(ICR, 0x7ff);
    const flags = [0x400, 0x800, 0x1000, 0x2000].map((output) => {
      uart.write(CR, 0x381 | output);
      const seen = uart.read(FR) & 0x107;
      uart.write(CR, 0x381);
      return seen;
    });
    expect(flags).toEqual([0x2, 0x1, 0x4, 0x100]);
    expect(uart.read(RIS)).toBe(0xf);
  });
});

describe('pl011 under the sequences of Linux (drivers/tty/serial/amba-pl011.c)', () => {
  /** Acts like the driver's interrupt handler, including its limit of passes. */
  function handleInterrupt(uart: Uart, transmit: () => void): string {
    let received = '';
    for (let pass = 0; pass < 256; pass++) {
      const status = uart.read(RIS, 2) & uart.read(IMSC, 2);
      if (status === 0) {
        return received;
      }
      uart.write(ICR, status & ~(TXIS | RTIS | RXIS), 2);
      received += (status & (RTIS | RXIS)) === 0 ? '' : drain(uart);
      if ((status & TXIS) !== 0) {
        transmit();
      }
    }
    throw new Error('the interrupt never went away');
  }

  function consoleWrite(uart: Uart, text: string): void {
    const old = uart.read(CR, 2);
    uart.write(CR, (old & ~0x8000) | 0x101, 2);
    for (const character of text) {
      while ((uart.read(FR, 2) & TXFF) !== 0);
      uart.write(DR, character.charCodeAt(0), 2);
    }
    while ((uart.read(FR, 2) & BUSY) !== 0);
    uart.write(CR, old, 2);
  }

  /** Acts like the driver's startup, including the drain of the receive FIFO, which discards its contents. */
  function startup(uart: Uart): string {
    uart.write(ICR, 0x7d0, 2);
    const mask = uart.read(IMSC, 2);
    uart.write(IMSC, RTIS | RXIS, 2);
    uart.write(IMSC, mask, 2);
    uart.write(IFLS, 0x12, 2);
    uart.write(CR, (uart.read(CR, 2) & 0xc00) | 0x301, 2);
    uart.read(FR, 2);
    uart.write(ICR, RTIS | RXIS, 2);
    let discarded = '';
    for (let index = 0; index < 32 && (uart.read(FR, 2) & RXFE) === 0; index++) {
      discarded += String.fromCharCode(uart.read(DR, 2) & 0xff);
    }
    uart.write(IMSC, RTIS | RXIS, 2);
    return discarded;
  }

  it('loses none of the input that came before the driver started', () => {
    const uart = createUart();
    uart.backend.feed('uname -a; poweroff -f\n');
    uart.write(LCR_H, 0x70, 2);
    consoleWrite(uart, 'Linux version\r\n');
    expect(startup(uart)).toBe('');
    uart.context.clock.advance(SETTLING_NS + 1e6);
    expect(handleInterrupt(uart, () => undefined)).toBe('uname -a; poweroff -f\n');
    expect(uart.backend.output).toBe('Linux version\r\n');
  });

  it('loses none of it when firmware left the receiver on', () => {
    const uart = createUart();
    uart.write(LCR_H, 0x70, 2);
    uart.write(CR, 0x301, 2);
    uart.backend.feed('early');
    expect(startup(uart)).toBe('');
    uart.context.clock.advance(SETTLING_NS + 1e6);
    expect(handleInterrupt(uart, () => undefined)).toBe('early');
  });

  it('types one character at a time', () => {
    const uart = createUart();
    uart.write(LCR_H, 0x70, 2);
    startup(uart);
    for (const key of 'ls\r') {
      uart.backend.feed(key);
      uart.context.clock.advance(SETTLING_NS + 1e6);
      expect(uart.level()).toBe(true);
      expect(handleInterrupt(uart, () => undefined)).toBe(key);
      expect(uart.level()).toBe(false);
    }
  });

  it('sends from the interrupt handler until there is no more, and the line is quiet then', () => {
    const uart = createUart();
    uart.write(LCR_H, 0x70, 2);
    startup(uart);
    let waiting = 'x'.repeat(100);
    const transmit = (): void => {
      for (const character of waiting.slice(0, 8)) {
        uart.write(DR, character.charCodeAt(0), 2);
      }
      waiting = waiting.slice(8);
      if (waiting === '') {
        uart.write(IMSC, uart.read(IMSC, 2) & ~TXIS, 2);
      }
    };
    uart.write(IMSC, uart.read(IMSC, 2) | TXIS, 2);
    transmit();
    expect(uart.level()).toBe(true);
    handleInterrupt(uart, transmit);
    expect(uart.backend.output).toHaveLength(100);
    expect(uart.level()).toBe(false);
  });

  it('keeps input while the driver throttles reception', () => {
    const uart = createUart();
    uart.write(LCR_H, 0x70, 2);
    startup(uart);
    uart.write(IMSC, 0, 2);
    uart.backend.feed('while throttled');
    uart.context.clock.advance(SETTLING_NS + 1e6);
    expect([uart.level(), uart.backend.available]).toEqual([false, 15]);
    uart.write(IMSC, RTIS | RXIS, 2);
    uart.context.clock.advance(SETTLING_NS + 1e6);
    expect(handleInterrupt(uart, () => undefined)).toBe('while throttled');
  });
});
