import { readFileSync } from 'node:fs';
import type { Engine } from '@qvm/core/architecture';
import { embeddedGuest, type EmbeddedArchitecture } from '@qvm/guests';
import { createHypervisor } from '@qvm/sdk';

/* The guests that come with qvm print what they print on QEMU's boards (testdata of the package `guests`). */

const LIMIT_MS = 120_000;
const FILES: Readonly<Record<EmbeddedArchitecture, string>> = {
  aarch64: 'embedded.expected',
  x86_64: 'embedded-x86_64.expected',
};

async function outputOf(arch: EmbeddedArchitecture, engine: Engine, input: string): Promise<string> {
  const hypervisor = createHypervisor();
  try {
    const image = { name: 'the embedded guest', bytes: embeddedGuest(arch).image };
    const vm = await hypervisor.createVm({ name: 'embedded', image, ram: [{ size: '64M' }] }, { engine });
    vm.console.send(input);
    await vm.start();
    let output = '';
    for await (const bytes of vm.console.output) output += new TextDecoder().decode(bytes);
    expect(await vm.exit).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
    return output.replaceAll('\r', '');
  } finally {
    await hypervisor.dispose();
  }
}

describe.each(['aarch64', 'x86_64'] as const)('the embedded guest for %s', (arch) => {
  const expected = readFileSync(new URL(`../../guests/testdata/${FILES[arch]}`, import.meta.url), 'utf8');

  it.each(['interp', 'wasm'] as const)(
    'prints with the engine %s what it prints on the board of QEMU',
    async (engine) => {
      expect(await outputOf(arch, engine, '')).toBe(expected);
    },
    LIMIT_MS,
  );

  it(
    'echoes its input',
    async () => {
      const echoed = expected.replace('uart input: none', 'uart input: A line..~');
      expect(await outputOf(arch, 'wasm', 'A line.\n~')).toBe(echoed);
    },
    LIMIT_MS,
  );
});
