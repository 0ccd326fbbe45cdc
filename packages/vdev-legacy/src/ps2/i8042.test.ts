import { INPUT_DEVICES } from '@qvm/core/services';
import type { InputDevices } from '@qvm/core/services';
import { createRandom, createVdev, randomSeed } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import { portBoard } from '../ports/port-board.test.helper.js';
import { ps2 } from './type.js';

const OUTPUT_FULL = 0x01;
const FROM_MOUSE = 0x20;

interface Controller extends VdevHarness {
  readonly status: () => number;
  readonly command: (byte: number, ...data: number[]) => void;
  readonly data: () => number;
  /** All bytes that there are. */
  readonly drain: () => number[];
  readonly input: InputDevices;
  readonly levels: () => readonly boolean[];
}

function create(): Controller {
  const harness = createVdev(ps2, { context: { board: portBoard } });
  const { read, write, context } = harness;
  const status = (): number => read(0, 1, 'command');
  const data = (): number => read(0, 1, 'data');
  return {
    ...harness,
    status,
    data,
    command: (byte, ...bytes) => {
      write(0, byte, 1, 'command');
      for (const value of bytes) write(0, value, 1, 'data');
    },
    drain: () => {
      const bytes: number[] = [];
      while ((status() & OUTPUT_FULL) !== 0) bytes.push(data());
      return bytes;
    },
    input: context.offers.get(INPUT_DEVICES.key) as InputDevices,
    levels: () => [context.interrupt('keyboard').level, context.interrupt('mouse').level],
  };
}

describe('ps2 at I/O ports', () => {
  it('is what i8042.c of Linux expects (controller check, self-test, init, check of the mouse port)', () => {
    const i8042 = create();
    expect(i8042.drain()).toEqual([]);
    i8042.command(0xaa);
    expect(i8042.data()).toBe(0x55);
    i8042.command(0x20);
    const ctr = i8042.data();
    i8042.command(0x20);
    expect(i8042.data()).toBe(ctr);
    // The keyboard is not locked (bit 4 of the status).
    expect(i8042.status() & 0x10).toBe(0x10);
    i8042.command(0x60, (ctr | 0x30) & ~0x03);
    // AUX_LOOP: the byte comes back as from the mouse.
    i8042.command(0xd3, 0x5a);
    expect([i8042.status() & (OUTPUT_FULL | FROM_MOUSE), i8042.data()]).toEqual([0x21, 0x5a]);
    i8042.command(0xa9);
    expect(i8042.data()).toBe(0);
    const readBack = (): number => {
      i8042.command(0x20);
      return i8042.data() & 0x20;
    };
    i8042.command(0xa7);
    expect(readBack()).toBe(0x20);
    i8042.command(0xa8);
    expect(readBack()).toBe(0);
    i8042.command(0x60, 0x47);
    i8042.command(0xd3, 0xa5);
    expect([i8042.levels(), i8042.data(), i8042.levels()]).toEqual([[false, true], 0xa5, [false, false]]);
  });

  it('starts with a keyboard of scan codes of set 1, and without a mouse', () => {
    const i8042 = create();
    i8042.input.type('a');
    i8042.command(0xd4, 0xf4);
    i8042.command(0xa7);
    i8042.input.pointer(1, 1, 0);
    expect(i8042.drain()).toEqual([0x1e, 0x9e]);
    i8042.command(0xa8);
    expect(i8042.drain()).toEqual([0xfa, 0x28, 1, 0xff]);
  });

  // The keys of the first PCs, in the order of their codes in set 1, which are those of linux/input-event-codes.h.
  it.each([
    [0x02, 'Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal Backspace Tab'],
    [0x10, 'KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight Enter ControlLeft'],
    [0x1e, 'KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote ShiftLeft Backslash'],
    [0x2c, 'KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash ShiftRight NumpadMultiply AltLeft Space CapsLock'],
    [0x3b, 'F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NumLock ScrollLock Numpad7 Numpad8 Numpad9 NumpadSubtract Numpad4'],
    [0x4c, 'Numpad5 Numpad6 NumpadAdd Numpad1 Numpad2 Numpad3 Numpad0 NumpadDecimal'],
    [0x56, 'IntlBackslash F11 F12'],
  ])('translates keys from %i on to set 1', (first, names) => {
    const i8042 = create();
    names.split(' ').forEach((name, index) => {
      i8042.input.key(name, true);
      i8042.input.key(name, false);
      expect([name, ...i8042.drain()]).toEqual([name, first + index, (first + index) | 0x80]);
    });
  });

  it('translates extended keys, and no answers', () => {
    const i8042 = create();
    i8042.input.key('ArrowUp', true);
    i8042.input.key('ArrowUp', false);
    i8042.input.key('Pause', true);
    expect(i8042.drain()).toEqual([0xe0, 0x48, 0xe0, 0xc8, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5]);
    i8042.write(0, 0xf2, 1, 'data');
    expect(i8042.drain()).toEqual([0xfa, 0xab, 0x41]);
  });

  it('holds keys back while the keyboard is off, until a byte is sent to it', () => {
    const i8042 = create();
    i8042.command(0xad);
    i8042.input.type('a');
    expect([i8042.drain(), i8042.levels()]).toEqual([[], [false, false]]);
    i8042.command(0xae);
    expect([i8042.levels(), i8042.drain()]).toEqual([
      [true, false],
      [0x1e, 0x9e],
    ]);
    i8042.command(0xad);
    i8042.write(0, 0xee, 1, 'data');
    expect(i8042.drain()).toEqual([0xee]);
  });

  it('raises the line again for each byte', () => {
    const i8042 = create();
    i8042.input.type('ab');
    i8042.drain();
    expect(i8042.context.interrupt('keyboard').history).toEqual(
      Array.from({ length: 8 }, (_, index) => index % 2 === 0),
    );
  });

  it.each([0xfe, 0xf0, 0xfc])('resets the machine by the pulse %i', (pulse) => {
    const i8042 = create();
    i8042.command(pulse);
    expect(i8042.context.powerRequests).toEqual(['reset']);
  });

  it('resets the machine by the output port, and keeps A20', () => {
    const i8042 = create();
    i8042.command(0xff);
    i8042.command(0xd1, 0xdd);
    i8042.command(0xd0);
    expect([i8042.data() & 3, i8042.context.powerRequests]).toEqual([1, []]);
    i8042.command(0xd1, 0xdf);
    i8042.command(0xd0);
    expect(i8042.data() & 3).toBe(3);
    i8042.command(0xd1, 0xfe);
    expect(i8042.context.powerRequests).toEqual(['reset']);
  });

  it('has a memory of 32 bytes, and answers only the last of several questions', () => {
    const i8042 = create();
    i8042.command(0x7f, 0x12);
    i8042.command(0x61, 0x34);
    i8042.command(0x3f);
    i8042.command(0x21);
    i8042.command(0xaa);
    expect(i8042.drain()).toEqual([0x12, 0x55]);
    expect(i8042.data()).toBe(0x55);
  });

  const seed = randomSeed();
  it(`has the line of the side whose byte is in its buffer high, whatever is written (seed ${seed})`, () => {
    const random = createRandom(seed);
    const i8042 = create();
    for (let step = 0; step < 5000; step++) {
      const byte = random() & 0xff;
      const choice = random() % 6;
      if (choice === 0) i8042.command(byte);
      else if (choice === 1) i8042.write(0, byte, 1, 'data');
      else if (choice === 2) i8042.input.type('x');
      else if (choice === 3) i8042.input.pointer(byte, -byte, byte);
      else if (choice === 4) i8042.data();
      else i8042.vdev.restore(i8042.vdev.save());
      const status = i8042.status();
      const { commandByte } = i8042.vdev.status() as { readonly commandByte: number };
      const full = (status & OUTPUT_FULL) !== 0;
      const mouse = (status & FROM_MOUSE) !== 0;
      const expected = [full && !mouse && (commandByte & 1) !== 0, full && mouse && (commandByte & 2) !== 0];
      expect([step, ...i8042.levels()]).toEqual([step, ...expected]);
    }
  });
});
