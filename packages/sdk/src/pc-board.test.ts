import { pc } from '@qvm/boards';
import { runScript, scriptBoard } from '@qvm/testing';
import { pciHost } from '@qvm/pci';
import { legacyVdevs } from '@qvm/vdev-legacy';

/** The board of a PC, for scripted guests. */
const board = { ...pc, architecture: scriptBoard().architecture, implicitVdevs: [] };

describe('the devices of a PC on its board', () => {
  it('have their places, and answer there', async () => {
    const types = ['pit', 'rtc', 'hpet', 'acpi-pm', 'pc-reset', 'pci-host', 'debug-port', 'ser8250', 'ser8250'];
    const known = [...legacyVdevs, pciHost];
    const vdevs = types.flatMap((type) =>
      known.filter((factory) => factory.type === type).map((factory) => ({ factory })),
    );
    expect(vdevs).toHaveLength(types.length);
    const script = [
      '# Scratch registers of COM1 and COM2, and no COM3.',
      'write io:0x3ff 0x5a',
      'write io:0x2ff 0xa5',
      'expect io:0x3ff 0x5a',
      'expect io:0x2ff 0xa5',
      'expect io:0x3ef 0xff',
      '# The debug port of Bochs identifies itself.',
      'expect io:0xe9 0xe9',
      '# The host bridge, by its configuration ports and by ECAM.',
      'write io:0xcf8 0x80000000 4',
      'expect io:0xcfc 0x29c08086 4',
      'expect 0xb0000000 0x29c08086',
      '# RAM has its holes.',
      'write 0x9fffc 1',
      'expect 0x9fffc 1',
      '# System reset, hard.',
      'write io:0xcf9 0x06',
      'sleep',
    ];
    const { exit } = await runScript({ board, vdevs, script });
    expect(exit.exitCode).toBe(0);
    expect(exit.reason).toMatch(/reset/);
  });
});
