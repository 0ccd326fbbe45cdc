import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** All modules of this package that are reachable from an entry, and their imports from elsewhere. */
function reach(entry: URL): { readonly files: ReadonlySet<string>; readonly imports: ReadonlySet<string> } {
  const files = new Set<string>();
  const imports = new Set<string>();
  const visit = (url: URL): void => {
    if (files.has(url.href)) return;
    files.add(url.href);
    for (const [, specifier = ''] of readFileSync(url, 'utf8').matchAll(
      /^(?:import|export)\b(?:[^'";]*\bfrom)? ?['"]([^'"]+)['"];$/gm,
    )) {
      if (specifier.startsWith('.')) visit(new URL(specifier, url));
      else imports.add(specifier);
    }
  };
  visit(entry);
  return { files, imports };
}

describe('the portable entry', () => {
  it('reaches nothing of Node', () => {
    const { files, imports } = reach(new URL('./browser.js', import.meta.url));
    expect(files.size).toBeGreaterThan(20);
    // Reduces a sub-path to its package.
    const packages = [...imports].map((name) => (/^@[^/]+\/[^/]+/.exec(name) ?? [name])[0]);
    expect([...new Set(packages)].sort()).toEqual([
      '@qvm/arch-aarch64',
      '@qvm/arch-x86_64',
      '@qvm/boards',
      '@qvm/config',
      '@qvm/core',
      '@qvm/pci',
      '@qvm/vdev-legacy',
      '@qvm/vdev-passthrough',
      '@qvm/vdev-shmem',
      '@qvm/vdev-virtio',
      '@qvm/vswitch',
      'inversify',
      'reflect-metadata',
    ]);
  });

  it('runs VMs where code must not be made from text', () => {
    const url = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
    const program = `
      import { createHypervisor, MemoryFileSource } from ${url('./browser.js')};
      import { plugin, script } from ${url('./script-machine.test.helper.js')};
      const config = '{ "name": "vm", "image": "vm.img", "ram": [{ "size": "1M" }] }';
      const files = [['vm.qvmconf', new TextEncoder().encode(config)], ['vm.img', script('print hello', 'poweroff').bytes]];
      const hypervisor = createHypervisor({ plugins: [plugin], hostFiles: new MemoryFileSource(files) });
      const vm = await hypervisor.createVm({ configFile: 'vm.qvmconf' });
      vm.vcpus[0].hooks.guestExit.tap('test', () => undefined);
      await vm.start();
      const { exitCode } = await vm.exit;
      console.log(exitCode, new TextDecoder().decode(vm.console.takeOutput()));
      await hypervisor.dispose();`;
    const args = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', program];
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    expect(execFileSync(process.execPath, args, { cwd, encoding: 'utf8' })).toBe('0 hello\n\n');
  });
});
