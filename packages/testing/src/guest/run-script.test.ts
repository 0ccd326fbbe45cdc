import type { PluginVm } from '@qvm/core';
import type { VdevFactory } from '@qvm/core/vdev';
import { createTestVdev } from '../test-vdev.js';
import { runScript } from './run-script.js';
import { scriptBoard } from './script-machine.js';
import type { ScriptRun } from './run-script.js';

const BASE = 0x0a10_0000;
const RAM = '0x40001000';

function run(...script: readonly string[]): Promise<ScriptRun> {
  return runScript({ vdevs: [{ factory: createTestVdev(), options: { base: BASE, irq: 70, preset: 0 } }], script });
}

/** Raises its interrupt half a millisecond after the creation of the VM. */
const alarm: VdevFactory = {
  type: 'alarm',
  description: 'An alarm',
  options: {},
  resources: () => ({ interrupts: [{ name: 'irq' }] }),
  create: ({ clock, interrupt }) => {
    const line = interrupt('irq');
    const timer = clock.createTimer('alarm', () => line.assert());
    timer.arm(500_000);
    return {
      reset: () => undefined,
      save: () => ({ version: 1, state: {} }),
      restore: () => undefined,
      status: () => ({ level: line.level }),
      dispose: () => timer.dispose(),
    };
  },
};

describe('a scripted guest', () => {
  it('reads and writes registers and RAM, in every width', async () => {
    const { exit, status } = await run(
      'expect 0x0a100000 0',
      'write 0x0a100000 0x55',
      'expect 0x0a100000 0x55 1',
      `write ${RAM} 0x11223344`,
      `write ${RAM} 0xff 1`,
      '# the upper half',
      'write 0x40001002 0xabcd 2',
      `expect ${RAM} 0xabcd33ff`,
      `expect ${RAM} 0x33ff 2`,
      '',
      'poweroff',
    );
    expect(exit).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
    expect(status).toEqual({ 'test-register-0': { value: 0x55 } });
  });

  it('reads and writes I/O ports; those that no vdev has read as ones', async () => {
    const causes: string[] = [];
    const ports: VdevFactory = {
      ...createTestVdev(),
      resources: () => ({ ports: [{ name: 'registers', size: 8 }], interrupts: [{ name: 'irq' }] }),
      create: (context, options) => {
        const { mmio = {}, ...vdev } = createTestVdev().create(context, options);
        return { ...vdev, ports: mmio };
      },
    };
    const { exit } = await runScript({
      board: { ...scriptBoard(), ioPorts: true },
      vdevs: [{ factory: ports, options: { ports: 0x3f8, irq: 4 } }],
      plugins: [
        {
          name: 'watch',
          apply: ({ hooks }) =>
            hooks.vcpuCreated.tap('watch', (vcpu) =>
              vcpu.hooks.guestExit.tap('watch', ({ cause, vdev, access }) => {
                causes.push(`${cause} ${vdev} ${access?.address.toString(16)} ${access?.width}`);
              }),
            ),
        },
      ],
      script: [
        'write io:0x3f8 0x55',
        'expect io:0x3f8 0x55',
        'expect io:0x3f8 0x55 4',
        'expect io:0x3f6 0x55ffff 4',
        'write io:0x400 1 2',
        'expect io:0x60 0xffff 2',
        'expect io:0xffff 0xff',
        'expect io:0x3f8 0x56',
      ],
    });
    expect(exit.reason).toBe('Line 8 of the script: io:0x3f8 holds 0x55 and not 0x56.');
    expect(causes).toEqual([
      ...['io test-register-0 3f8 1', 'io test-register-0 3f8 1', 'io test-register-0 3f8 4'],
      ...['io test-register-0 3f8 1', 'io test-register-0 3f9 1', 'io test-register-0 3f8 1'],
    ]);
  });

  it('ends with a reason where it meets something else than it says', async () => {
    const failed = await run('write 0x0a100000 1', 'expect 0x0a100000 2');
    expect(failed.exit).toEqual({
      exitCode: 63,
      reason: 'Line 2 of the script: 0xa100000 holds 0x1 and not 0x2.',
    });
    for (const line of ['write 0x20000000 1', 'expect 0x20000000 0', 'show 0x20000000', 'print text', 'echo']) {
      expect((await run(line)).exit).toEqual({
        exitCode: 63,
        reason: expect.stringMatching(/^Line 1 of the script: there is nothing at 0x/),
      });
    }
  });

  it('waits for interrupts and for time', async () => {
    const raised = await runScript({
      vdevs: [{ factory: alarm, options: { irq: 80 } }],
      script: ['interrupt 80', 'poweroff'],
    });
    expect(raised.status).toEqual({ 'alarm-0': { level: true } });
    expect(raised.time).toBeGreaterThanOrEqual(500_000);
    expect(raised.time).toBeLessThan(501_000);
    const early = await runScript({
      vdevs: [{ factory: alarm, options: { irq: 80 } }],
      script: ['wait 400000', 'poweroff'],
    });
    expect(early.status).toEqual({ 'alarm-0': { level: false } });
    const level = await run('write 0x0a100000 1', 'interrupt 70', 'exit 40');
    expect(level.exit).toEqual({ exitCode: 40, reason: 'exit 40' });
  });

  it.each([
    ['sleep', 'the guest waits for what never comes'],
    ['interrupt 70', 'the guest waits for what never comes'],
    ['spin', 'has not ended after 1000000 instructions'],
    ['fly', 'line 1 of "script": there is no instruction "fly"'],
    ['write 0x10', '"write" takes 2 to 3 words, not 1'],
    ['write 0x10 1 8', 'the width "8" is not 1, 2 or 4'],
    ['write 0x10 0x100 1', 'the value "0x100" is not a whole number from 0 to 0xff'],
    ['expect 0x10000000000000 0', 'the address "0x10000000000000" is not'],
    ['interrupt 1020', 'the interrupt "1020" is not'],
    ['wait soon', 'the time "soon" is not'],
    ['exit', '"exit" takes 1 words, not 0'],
    ['sleep now', '"sleep" takes 0 words, not 1'],
  ])('is refused when it says "%s"', async (line, message) => {
    await expect(run(line)).rejects.toMatchObject({
      code: 'testing.script',
      message: expect.stringContaining(message),
    });
  });

  it('runs in a VM that plugins watch', async () => {
    const seen: string[] = [];
    const watcher = {
      name: 'watcher',
      apply: ({ hooks }: PluginVm) =>
        void hooks.vcpuCreated.tap('watcher', ({ hooks: vcpu }) => {
          vcpu.guestExit.tap('watcher', ({ cause, vdev }) => void seen.push(`${cause} ${vdev}`));
        }),
    };
    const vdevs = [{ factory: createTestVdev(), options: { base: BASE, irq: 70 } }];
    await runScript({ vdevs, plugins: [watcher, { name: 'idle' }], script: ['expect 0x0a100000 0', 'poweroff'] });
    expect(seen).toEqual(['mmio test-register-0']);
  });

  it('runs in a VM that blames vdevs and checks their options', async () => {
    const { exit } = await runScript({
      vdevs: [{ factory: createTestVdev({ throwAt: 4 }), options: { base: BASE, irq: 70 } }],
      script: ['show 0x0a100004'],
    });
    expect(exit).toMatchObject({ exitCode: 6, reason: expect.stringContaining('test-register-0') });
    const wrong = runScript({ vdevs: [{ factory: createTestVdev(), options: { preset: 256 } }], script: [] });
    await expect(wrong).rejects.toMatchObject({ code: 'vdev.option' });
  });
});
