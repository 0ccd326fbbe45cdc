import { pc } from '@qvm/boards';
import type { Board } from '@qvm/core/board';
import { runScript } from '@qvm/testing';
import { acpiPm } from './acpi-pm/type.js';
import { debugPort } from './debug-port/type.js';
import { hpet } from './hpet/type.js';
import { pcReset } from './pc-reset/type.js';
import { pit } from './pit/type.js';
import { ps2 } from './ps2/type.js';
import { rtc } from './rtc/type.js';
import { ser8250 } from './ser8250/type.js';

const vdevs = [
  { factory: pit },
  { factory: rtc },
  { factory: hpet },
  { factory: acpiPm },
  { factory: pcReset },
  { factory: ps2 },
  { factory: debugPort, options: { hostdev: 'file:firmware.log' } },
  { factory: ser8250 },
];

// Scripted guests have the architecture of the testing kit, and access ports like any.
const board: Board = { ...pc, implicitVdevs: [], architecture: 'aarch64', ram: { base: 0x4000_0000 } };

const run = (...script: readonly string[]): ReturnType<typeof runScript> => runScript({ vdevs, board, script });

describe('the devices of a PC in a VM', () => {
  it('have time, interrupts, text and an end', async () => {
    const { exit, backends, time, status } = await run(
      'write io:0x402 0x42',
      'write io:0xe9 0x49',
      'write io:0x3f8 0x4f',
      // RTC: interrupts with each update.
      'write io:0x70 0x0b',
      'write io:0x71 0x12',
      'interrupt 8',
      'write io:0x70 0x0c',
      'expect io:0x71 0xd0',
      'expect io:0x71 0x00',
      'write io:0x70 0x00',
      'expect io:0x71 0x01',
      // PIT: OUT of channel 2 after 65,536 ticks, 54.925 ms.
      'write io:0x61 0x01',
      'write io:0x43 0xb0',
      'write io:0x42 0x00',
      'write io:0x42 0x00',
      'wait 54920000',
      'write io:0x43 0xe8',
      'expect io:0x42 0x30',
      'wait 10000',
      'write io:0x43 0xe8',
      'expect io:0x42 0xb0',
      // HPET: a level, through its own interrupt.
      'write 0xfed00148 1000',
      'write 0xfed00140 0x2f06',
      'write 0xfed00010 1',
      'interrupt 23',
      'expect 0xfed00020 4',
      // S5.
      'write io:0x604 0x2000 2',
      'exit 9',
    );
    expect(exit).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
    expect([backends.get('file:firmware.log')?.output, backends.get('stdio')?.output]).toEqual(['BI', 'O']);
    expect(time).toBeGreaterThan(1.05e9);
    expect(time).toBeLessThan(1.06e9);
    expect(status['debug-port-0']).toMatchObject({ bytesOut: 2 });
  });

  it('repeat exactly', async () => {
    const once = async (): Promise<unknown> => {
      const { time, status } = await run(
        'write io:0x43 0x34',
        'write io:0x40 0x9c',
        'write io:0x40 0x2e',
        'wait 123456789',
        'poweroff',
      );
      return { time, status };
    };
    expect(await once()).toEqual(await once());
  });

  it.each([
    ['port 92h', 'write io:0x92 0x03'],
    ['the i8042', 'write io:0x64 0xfe'],
  ])('are reset by %s', async (_name, line) => {
    const { exit } = await run(line, 'exit 9');
    expect(exit).toEqual({ exitCode: 0, reason: 'The guest reset its machine.' });
  });
});
