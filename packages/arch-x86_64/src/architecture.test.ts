import { ARCHITECTURE, VDEV_FACTORY } from '@qvm/core';
import type { Resolver } from '@qvm/core';
import { VcpuExit } from '@qvm/core/architecture';
import { elfFile } from './boot/boot-bench.test.helper.js';
import { hex, MachineHarness, RAM_BYTES } from './machine-tests/machine-harness.test.helper.js';
import { apic, ioapic, pic, x86_64, x86_64Plugin } from './index.js';
import type { X86Machine } from './index.js';

const loaded = await x86_64.load();
const ENTRY = 0x20_0000;

async function boot(code: string): Promise<{ readonly harness: MachineHarness; readonly machine: X86Machine }> {
  const harness = new MachineHarness(1, 'interp', { more: loaded.engineBytes(1, RAM_BYTES) });
  const machine = loaded.createMachine(harness.services) as X86Machine;
  const bytes = elfFile(64, ENTRY, [{ physical: ENTRY, bytes: Uint8Array.from(hex(code)) }]);
  await machine.boot({ image: { name: 'program', bytes }, commandLine: 'A', vdevNodes: () => [] });
  return { harness, machine };
}

describe('x86_64', () => {
  it('runs a 64-bit program from its ELF file, which finds the zero page by RSI', async () => {
    // MOV EAX, [RSI + 0x228] (the address of the command line); MOV AL, [RAX]; OUT 0xe9, AL; HLT.
    const { harness, machine } = await boot('8b8628020000 8a00 e6e9 f4');
    expect(machine.vcpus[0]?.run(100)).toBe(VcpuExit.Halted);
    expect(harness.log).toEqual([0x41]);
  });

  it('is provided by a plugin, with the vdevs of its processors', () => {
    const of = (token: unknown): readonly unknown[] =>
      x86_64Plugin.provides.filter((p) => p.token === token).map(({ factory }) => factory({} as Resolver));
    expect(of(ARCHITECTURE)).toEqual([x86_64]);
    expect(of(VDEV_FACTORY)).toEqual([apic, ioapic, pic]);
  });

  it('refuses an image that is none', async () => {
    const { machine } = await boot('f4');
    const image = { name: 'vmlinux', bytes: new Uint8Array() };
    await expect(machine.boot({ image, vdevNodes: () => [] })).rejects.toMatchObject({ code: 'image.truncated' });
  });
});
