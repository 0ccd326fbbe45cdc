import type { VdevFactory } from '@qvm/core/vdev';
import { runScript } from '@qvm/testing';
import { createExitCounterPlugin } from './index.js';

/** Registers that read as zero. */
function zeros(type: string): VdevFactory {
  return {
    type,
    description: 'Zeros',
    options: {},
    resources: () => ({ mmio: [{ name: 'registers', size: 0x1000 }] }),
    create: () => ({
      mmio: { registers: { read: () => 0, write: () => undefined } },
      reset: () => undefined,
      save: () => ({ version: 1, state: {} }),
      restore: () => undefined,
      status: () => ({}),
      dispose: () => undefined,
    }),
  };
}

describe('@acme/exit-counter', () => {
  it('counts exits by cause and vdev, the most frequent first', async () => {
    const lines: string[] = [];
    const { exit } = await runScript({
      vdevs: [
        { factory: zeros('one'), options: { base: 0x0a10_0000 } },
        { factory: zeros('two'), options: { base: 0x0a20_0000 } },
      ],
      plugins: [createExitCounterPlugin((line) => lines.push(line))],
      script: ['expect 0x0a100000 0', 'write 0x0a200000 1', 'expect 0x0a200000 0', 'poweroff'],
    });
    expect(exit.exitCode).toBe(0);
    expect(lines).toEqual(['script: 2 mmio two-0', 'script: 1 mmio one-0']);
  });

  it('keeps the VMs apart', async () => {
    const lines: string[] = [];
    const plugin = createExitCounterPlugin((line) => lines.push(line));
    const vdevs = [{ factory: zeros('one'), options: { base: 0x0a10_0000 } }];
    await runScript({ vdevs, plugins: [plugin], script: ['expect 0x0a100000 0', 'poweroff'] });
    await runScript({ vdevs, plugins: [plugin], script: ['poweroff'] });
    expect(lines).toEqual(['script: 1 mmio one-0']);
  });
});
