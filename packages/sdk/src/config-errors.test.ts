import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, formatFinding } from '@qvm/config';
import { builtInPlugins } from './built-in-plugins.js';
import { createHypervisor, MemoryFileSource, StartError, type Hypervisor, type VmHandle } from './index.js';
import { plugin as scripts } from './script-machine.test.helper.js';

const IMAGE = new TextEncoder().encode('script\npoweroff\n');

function hypervisorWith(files: Readonly<Record<string, Uint8Array>> = { 'vm.img': IMAGE }): Hypervisor {
  return createHypervisor({
    plugins: [scripts],
    hostFiles: new MemoryFileSource(Object.entries(files)),
    environment: {},
  });
}

async function findingsOf(text: string, hypervisor = hypervisorWith()): Promise<readonly string[]> {
  const source = { configText: text, file: 'vm.qvmconf' };
  const { findings, exitCode } = await hypervisor.checkVm(source);
  const created = hypervisor.createVm(source);
  if (findings.some(({ severity }) => severity === 'error')) {
    expect(exitCode).toBe(65);
    // createVm reports the same errors, except that it reports only the first vdev that is refused.
    const error: unknown = await created.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ConfigError);
    if (error instanceof ConfigError) {
      expect(error.findings).not.toEqual([]);
      expect(findings.map(formatFinding)).toEqual(expect.arrayContaining(error.findings.map(formatFinding)));
    }
  } else await (await created).dispose();
  await hypervisor.dispose();
  return findings.map(formatFinding);
}

const vm = (more: string): string => `{ "name": "vm", "image": "vm.img",\n  "ram": [{ "size": "1M" }],\n  ${more} }`;

describe('what is wrong with a configuration', () => {
  it('is nothing when nothing is', async () => {
    expect(await findingsOf(vm('"vdev": [{ "type": "pl011", "config": "base=0x9000000,irq=33" }]'))).toEqual([]);
  });

  it('is told with its place, everything at once', async () => {
    const text = vm(
      '"vdev": [{ "type": "pl01" },\n { "type": "pl011", "config": "hostdv=null,irq=x" }], "initrd": "no.gz"',
    );
    expect(await findingsOf(text, hypervisorWith({}))).toEqual([
      'vm.qvmconf:3:22: error: there is no vdev type "pl01"; did you mean "pl011"?',
      'vm.qvmconf:4:32: error: vdev pl011 has no option "hostdv"; did you mean "hostdev"?',
      'vm.qvmconf:4:48: error: the option "irq" of vdev pl011: "x" is not a number; right would be 33 or 0x21',
      'vm.qvmconf:1:26: error: "image": there is no file "vm.img"',
      'vm.qvmconf:4:65: error: "initrd": there is no file "no.gz"',
    ]);
  });

  it('includes what shows only when the VM is built', async () => {
    const taken = vm('"vdev": [{ "type": "pl011" },\n { "type": "pl011", "config": "hostdev=null" }]');
    expect(await findingsOf(taken)).toEqual([
      'vm.qvmconf:4:31: error: The address 0x9000000 that the board script has for the vdev pl011-1 belongs to pl011-0: give it a base',
    ]);
    const overlap = vm('"vdev": [{ "type": "pl011", "config": "base=0x40000000" }]');
    expect((await findingsOf(overlap))[0]).toMatch(/^vm\.qvmconf:3:39: error: .*ram0.*pl011-0|pl011-0.*ram0/);
    const twice = vm('"vdev": [{ "type": "pl011" }]').replace('"1M" }', '"1M" }, { "base": "1G", "size": "1M" }');
    expect(await findingsOf(twice)).toEqual([expect.stringMatching(/^vm\.qvmconf:2:10: error: ram1 .* overlaps ram0/)]);
    const ram = '{ "name": "vm", "image": "vm.img", "ram": [{ "base": "0x9000000", "size": "1M" }] }';
    expect((await findingsOf(ram))[0]).toMatch(/^vm\.qvmconf:1:43: error: .* 0x9010000 .* belongs to ram0/);
  });

  it('includes every vdev that is refused, and an image that cannot be booted', async () => {
    const files = { 'vm.img': new TextEncoder().encode('no script') };
    const vdevs = [
      '"vdev": [{ "type": "pl011", "config": "hostdev=tcp:0.0.0.0:70000" },',
      '{ "type": "pl011", "config": "base=0xa000000,irq=40,hostdev=tcp-listen:x" },',
      '{ "type": "ramfb", "config": "framebuffer=1x1x99" },',
      '{ "type": "virtio-net", "config": "mac=00:00:00:00:00:00" },',
      '{ "type": "virtio-console", "config": "hostdev=null,port=a:tcp:h:0" },',
      '{ "type": "virtio-blk", "config": "file=/dev/null,serial=0123456789012345678901234" },',
      '{ "type": "pl011", "config": "base=0xb000000,irq=41,hostdev=stdio:x" }]',
    ];
    const { findings } = await hypervisorWith(files).checkVm({ configText: vm(vdevs.join('\n ')), file: 'f' });
    expect(findings.map(({ line, column, code }) => [line, column, code])).toEqual([
      [5, 44, 'config.bad-option'],
      [6, 41, 'config.bad-option'],
      [8, 59, 'config.bad-option'],
      [3, 50, 'vdev.failed'],
      [4, 62, 'vdev.failed'],
      [7, 59, 'vdev.failed'],
      [9, 62, 'vdev.failed'],
      [1, 26, 'testing.script'],
    ]);
  });

  it('includes what comes after text that is wrong', async () => {
    const text = vm('"cpus": 99, "restart": "often", "vdev": [{ "type": "pl011", "config": "irq=x" }], "dtb": "none"');
    const { findings, exitCode } = await hypervisorWith({}).checkVm({ configText: text });
    expect(exitCode).toBe(65);
    expect(findings.map(({ code }) => code)).toEqual([
      'config.out-of-range',
      'config.bad-setting',
      'config.bad-option',
      'file.missing',
      'file.missing',
    ]);
  });

  it('does not include consequences of what is left out', async () => {
    const noRam = '{ "name": "vm", "image": "vm.img", "ram": [{ "size": "1x" }] }';
    const noImage = '{ "name": "vm", "image": "${NO}", "ram": [{ "size": "1M" }] }';
    // Without its own console, the VM would have an implicit one at the address of the second vdev.
    const noConsole = vm(
      '"vdev": [{ "type": "pl011", "config": "irq=x" }, { "type": "wdt-sp805", "config": "base=0x9000000,irq=34" }]',
    );
    const codes = async (configText: string): Promise<readonly string[]> =>
      (await hypervisorWith().checkVm({ configText })).findings.map(({ code }) => code);
    expect(await codes(noRam)).toEqual(['config.bad-size']);
    expect(await codes(noImage)).toEqual(['config.unknown-variable']);
    expect(await codes(noConsole)).toEqual(['config.bad-option']);
  });

  it('includes an architecture that is not there', async () => {
    const text = '{ "name": "vm", "arch": "x86_64", "image": "vm.img", "ram": [{ "size": "1M" }] }';
    const plugins = builtInPlugins.filter(({ name }) => name !== '@qvm/arch-x86_64');
    const hostFiles = new MemoryFileSource([['vm.img', IMAGE]]);
    expect(await findingsOf(text, createHypervisor({ builtIns: false, plugins, hostFiles }))).toEqual([
      expect.stringContaining('vm.qvmconf:1:25: error: this qvm runs no x86_64 guests'),
    ]);
  });

  it('includes images that are larger than the RAM, before they are read', async () => {
    const files = { 'vm.img': new Uint8Array(0x10_0001) };
    expect(await findingsOf(vm(''.padEnd(0)).replace(',\n   }', ' }'), hypervisorWith(files))).toEqual([
      'vm.qvmconf:1:26: error: "image": "vm.img" has 1048577 bytes; at most 1048576 fit here',
    ]);
  });

  it('is no mistake of the text when the host is too small', async () => {
    const text = '{ "name": "vm", "image": "vm.img", "ram": [{ "size": "64G" }] }';
    await expect(hypervisorWith().createVm({ configText: text })).rejects.toBeInstanceOf(StartError);
  });

  it('includes consoles that there are not', async () => {
    const unknown = vm('"vdev": [{ "type": "pl011", "config": "hostdev=fiel:x" }]');
    expect(await findingsOf(unknown)).toEqual([
      expect.stringMatching(
        /^vm\.qvmconf:3:50: error: .*there is no character back end "fiel:x"; did you mean "file"\?/,
      ),
    ]);
  });

  it('includes consoles that cannot be opened, which only createVm tries', async () => {
    const open = (hostdev: string): Promise<unknown> =>
      hypervisorWith().createVm({ configText: vm(`"vdev": [{ "type": "pl011", "config": "hostdev=${hostdev}" }]`) });
    await expect(open('fiel:x')).rejects.toThrow('there is no character back end "fiel:x"; did you mean "file"?');
    await expect(open('file:/no/such/folder/x')).rejects.toThrow('"/no/such/folder/x" cannot be written');
    await expect(open('file')).rejects.toThrow('right would be "file:PATH"');
    await expect(open('null:x')).rejects.toThrow('nothing may follow "null"');
    const twice = '"vdev": [{ "type": "pl011" }, { "type": "pl011", "config": "base=0xa000000,irq=40" }]';
    await expect(hypervisorWith().createVm({ configText: vm(twice) })).rejects.toThrow('two vdevs use "stdio"');
  });
});

describe('vdevs from packages', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'qvm-sdk-'));
    const write = (name: string, text: string): void => {
      const path = join(folder, 'node_modules', '@acme', name);
      mkdirSync(path, { recursive: true });
      const description = { name: `@acme/${name}`, type: 'module', exports: { '.': { default: './index.js' } } };
      writeFileSync(join(path, 'package.json'), JSON.stringify(description));
      writeFileSync(join(path, 'index.js'), text);
    };
    write(
      'vdev-light',
      `const kind = { name: 'boolean', bare: 'true', parse: (text) => ({ ok: true, value: text === 'true' }), format: String };
      const on = { kind, description: '', required: false, repeatable: false, aliases: [], read: kind.parse };
      const factory = { type: 'light', description: '', options: { on },
        resources: () => ({}),
        create: (context, options) => ({ reset() {}, save: () => ({ version: 1, state: {} }), restore() {}, dispose() {},
          status: () => ({ on: options.on === true }) }) };
      export const plugin = { name: 'light', apiVersion: 1,
        provides: [{ token: { key: Symbol.for('qvm:@qvm/core/VdevFactory'), description: '' }, scope: 'host', multi: true,
          factory: () => factory }] };`,
    );
    write(
      'board-high',
      `const board = { name: 'high', description: 'High', architecture: 'aarch64', ram: { base: 0x8000_0000 },
        places: { pl011: { base: 0x1000_0000, interrupt: 40 } }, implicitVdevs: [], defaultConsole: 'pl011',
        interrupts: { first: 32, last: 287 }, deviceTree: { compatible: 'acme,high', model: 'High', clocks: {} } };
      export const plugin = { name: 'high', apiVersion: 1,
        provides: [{ token: { key: Symbol.for('qvm:@qvm/core/Board'), description: '' }, scope: 'host', multi: true,
          factory: () => board }] };`,
    );
    write(
      'vdev-undeclared',
      `const factory = { type: 'undeclared', description: '', options: [{ name: 'on', kind: 'boolean' }] };
      export const plugin = { name: 'undeclared', apiVersion: 1,
        provides: [{ token: { key: Symbol.for('qvm:@qvm/core/VdevFactory'), description: '' }, scope: 'host', multi: true,
          factory: () => factory }] };`,
    );
    write('vdev-empty', 'export const other = 1;');
    write('vdev-old', "export const plugin = { name: 'old', apiVersion: 0, provides: [] };");
    write('vdev-broken', 'throw new Error("boom");');
    writeFileSync(join(folder, 'vm.img'), IMAGE);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const create = (type: string, config = 'on', importPackages = true): Promise<readonly string[]> =>
    createHypervisor({ plugins: [scripts], importPackages })
      .createVm({
        configText: vm(`"vdev": [{ "type": "${type}", "config": "${config}" }]`),
        file: 'vm.qvmconf',
        baseDir: folder,
      })
      .then((made) => made.vdevs.map(({ type: made_, status }) => `${made_} ${JSON.stringify(status())}`));

  it('are found from the configuration’s folder', async () => {
    expect(await create('@acme/vdev-light')).toContain('light {"on":true}');
  });

  it('are refused with a reason and a place', async () => {
    await expect(create('@acme/vdev-light', 'onn')).rejects.toThrow('vdev light has no option "onn"');
    await expect(create('@acme/vdev-none')).rejects.toThrow(
      /^vm\.qvmconf:3:22: error: the vdev package @acme\/vdev-none is not installed; npm install/,
    );
    await expect(create('@acme/vdev-empty')).rejects.toThrow('exports no QvmPlugin named "plugin"');
    await expect(create('@acme/vdev-undeclared')).rejects.toThrow('are not declared by "option"');
    await expect(create('@acme/vdev-old')).rejects.toThrow('was built for version 0');
    await expect(create('@acme/vdev-broken')).rejects.toThrow('cannot be imported: boom');
    await expect(create('@acme/vdev-light', 'on', false)).rejects.toThrow('switched off');
  });

  it('may bring the board, and are refused when they bring none', async () => {
    const createOn = (board: string): Promise<VmHandle> =>
      createHypervisor({ plugins: [scripts] }).createVm({
        configText: vm(`"board": "${board}"`),
        file: 'vm.qvmconf',
        baseDir: folder,
      });
    const { ram, vdevs } = await createOn('@acme/board-high');
    expect(ram).toMatchObject([{ base: 0x8000_0000 }]);
    expect(vdevs.map(({ place }) => place)).toMatchObject([
      { registers: [{ base: 0x1000_0000 }], interrupts: [{ number: 40 }] },
    ]);
    await expect(createOn('@acme/vdev-light')).rejects.toThrow(
      /^vm\.qvmconf:3:12: error: the package @acme\/vdev-light provides no board$/,
    );
    await expect(createOn('@acme/board-none')).rejects.toThrow(
      /^vm\.qvmconf:3:12: error: the board package @acme\/board-none is not installed; npm install @acme\/board-none$/,
    );
  });
});
