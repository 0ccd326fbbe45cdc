import { ARCHITECTURE, createToken, silentLogger, VDEV_FACTORY } from '@qvm/core';
import type { Logger, QvmPlugin } from '@qvm/core';
import { defineOptions, option } from '@qvm/core/options';
import { defineVdev } from '@qvm/core/vdev';
import type { VdevFactory } from '@qvm/core/vdev';
import { createHypervisor, LOGGER } from './index.js';
import type { VmDescription } from './index.js';
import { plugin as scripts, script } from './script-machine.test.helper.js';

const RAM = [{ size: '1M' }];
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function describeVm(...lines: readonly string[]): VmDescription {
  return { name: 'test', image: script(...lines), ram: RAM };
}

function fakeVdev(type: string, log: string[] = []): VdevFactory {
  return defineVdev({
    type,
    description: type,
    options: defineOptions({ level: option.number({ description: 'level', default: 3 }) }),
    resources: () => ({}),
    create: (context, options) => ({
      reset: () => undefined,
      save: () => ({ version: 1, state: {} }),
      restore: () => undefined,
      status: () => ({ level: options.level }),
      dispose: () => void log.push(`${context.name} disposed`),
    }),
  });
}

function vdevPlugin(name: string, ...factories: readonly VdevFactory[]): QvmPlugin {
  return {
    name,
    apiVersion: 1,
    provides: factories.map((factory) => ({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => factory })),
  };
}

describe('a hypervisor', () => {
  it('runs a VM to its power-off and gives its output', async () => {
    const hypervisor = createHypervisor({ plugins: [scripts] });
    const vm = await hypervisor.createVm(describeVm('print hello', 'poweroff'));
    expect(vm.state).toBe('created');
    expect(hypervisor.vms).toEqual([vm]);
    await vm.start();
    const chunks: string[] = [];
    for await (const bytes of vm.console.output) chunks.push(text(bytes));
    expect(chunks.join('')).toBe('hello\n');
    expect(await vm.exit).toMatchObject({ exitCode: 0, reason: 'The guest powered off.' });
    expect(vm.vdevs.map(({ name }) => name)).toEqual(['pl031-0', 'pl011-0']);
    expect(vm.stats().instructions).toBe(7);
    expect(hypervisor.vms).toEqual([]);
    await hypervisor.dispose();
  });

  it('keeps input that comes before the guest wants it, all of it and in order', async () => {
    const hypervisor = createHypervisor({ plugins: [scripts] });
    const vm = await hypervisor.createVm(describeVm('echo', 'poweroff'));
    const sent = Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join('');
    vm.console.send(sent);
    expect(vm.console.waiting).toBe(sent.length);
    let drained = 0;
    vm.console.onDrained(() => drained++);
    await vm.start();
    vm.console.send('q');
    await vm.exit;
    expect(text(vm.console.takeOutput())).toBe(sent);
    expect(drained).toBeGreaterThan(0);
    await hypervisor.dispose();
  });

  it('can be stepped, pauses, resumes, stops and cuts the power', async () => {
    const hypervisor = createHypervisor({ plugins: [scripts] });
    const stepped = await hypervisor.createVm(describeVm('spin'), { clock: { kind: 'icount' } });
    await stepped.boot();
    expect(stepped.step(1000)).toEqual({ kind: 'ran' });
    expect(stepped.stats().instructions).toBe(1000);
    await stepped.dispose();
    expect((await stepped.exit).exitCode).toBe(3);

    const vm = await hypervisor.createVm(describeVm('spin'));
    await vm.start();
    vm.pause();
    expect(vm.state).toBe('paused');
    expect(() => vm.pause()).toThrow('cannot pause');
    vm.resume();
    expect(await vm.stop()).toMatchObject({ exitCode: 0, reason: 'The VM was stopped.' });
    expect(await vm.stop()).toMatchObject({ exitCode: 0 });

    const cut = await hypervisor.createVm(describeVm('sleep'));
    await cut.start();
    expect(await cut.destroy()).toMatchObject({ exitCode: 3 });

    const unstarted = await hypervisor.createVm(describeVm('sleep'));
    expect(await unstarted.destroy()).toMatchObject({ exitCode: 3 });
    await hypervisor.dispose();
  });

  it('reports how a guest ends', async () => {
    const hypervisor = createHypervisor({ plugins: [scripts] });
    const codes: number[] = [];
    for (const line of ['exit 40', 'reset', 'break']) {
      const vm = await hypervisor.createVm(describeVm(line));
      await vm.start();
      codes.push((await vm.exit).exitCode);
    }
    expect(codes).toEqual([40, 0, 7]);
    await hypervisor.dispose();
  });

  it('fails the start of a bad image with exit code 64', async () => {
    const hypervisor = createHypervisor({ plugins: [scripts] });
    const vm = await hypervisor.createVm({ ...describeVm(), image: { name: 'bad', bytes: new Uint8Array(8) } });
    await expect(vm.start()).rejects.toMatchObject({ code: 'testing.script', finding: { severity: 'error' } });
    expect(await vm.exit).toMatchObject({ exitCode: 64 });
    expect(vm.state).toBe('failed');
    await hypervisor.dispose();
  });

  it('hands out hooks of the VM and its vCPUs', async () => {
    const hypervisor = createHypervisor({ plugins: [scripts] });
    const vm = await hypervisor.createVm({ ...describeVm('print ab', 'poweroff'), cpus: 2 });
    const seen: string[] = [];
    vm.hooks.stateChanged.tap('test', ({ to }) => void seen.push(to));
    vm.vcpus[0]?.hooks.guestExit.tap('test', ({ cause, vdev }) => void seen.push(`${cause} ${vdev}`));
    await vm.start();
    await vm.exit;
    expect(seen).toEqual(['starting', 'running', ...Array(3).fill('mmio pl011-0'), 'stopped']);
    expect(vm.vcpus).toHaveLength(2);
    await hypervisor.dispose();
  });
});

describe('plugins', () => {
  it('come from host and VM; the VM and the later one win', async () => {
    const hypervisor = createHypervisor({
      plugins: [
        scripts,
        vdevPlugin('zero', fakeVdev('b'), fakeVdev('pl031')),
        vdevPlugin('one', fakeVdev('a'), fakeVdev('b')),
      ],
    });
    expect(hypervisor.vdevTypes.map(({ type }) => type)).toEqual(expect.arrayContaining(['pl011', 'pl031', 'a', 'b']));
    expect(hypervisor.architectures.map(({ name }) => name)).toContain('aarch64');
    expect(hypervisor.characterBackends.map(({ scheme }) => scheme).sort()).toEqual([
      'file',
      'null',
      'pty',
      'tcp',
      'tcp-listen',
    ]);
    const log: string[] = [];
    const vm = await hypervisor.createVm(
      { ...describeVm(), vdevs: [{ type: 'a', options: { level: 5, name: 'mine' } }, { type: 'c' }] },
      { plugins: [vdevPlugin('two', fakeVdev('a', log), fakeVdev('c', log))] },
    );
    expect(vm.vdevs.map(({ name, type }) => [name, type])).toEqual([
      ['pl031-0', 'pl031'],
      ['mine', 'a'],
      ['c-0', 'c'],
      ['pl011-0', 'pl011'],
    ]);
    expect(vm.vdevs[0]?.status()).toEqual({ level: 3 });
    expect(vm.vdevs[1]?.status()).toEqual({ level: 5 });
    await vm.dispose();
    expect(log).toEqual(['c-0 disposed', 'mine disposed']);
    await hypervisor.dispose();
  });

  it('make one instance per host or per VM, as their scope says', async () => {
    const counts = { host: 0, vm: 0 };
    const HOST = createToken<number>('test/host');
    const VM = createToken<number>('test/vm');
    const services: QvmPlugin = {
      name: 'services',
      apiVersion: 1,
      provides: [
        { token: HOST, scope: 'host', factory: () => ++counts.host },
        { token: VM, scope: 'vm', factory: (resolver) => resolver.get(HOST) * 10 + ++counts.vm },
        {
          token: VDEV_FACTORY,
          scope: 'vm',
          multi: true,
          factory: (resolver) => fakeVdev(`type${resolver.get(VM)}-${resolver.get(VM)}`),
        },
      ],
    };
    const hypervisor = createHypervisor({ plugins: [scripts, services] });
    const first = await hypervisor.createVm({ ...describeVm(), vdevs: [{ type: 'type11-11' }] });
    const second = await hypervisor.createVm({ ...describeVm(), vdevs: [{ type: 'type12-12' }] });
    expect([first.vdevs[1]?.type, second.vdevs[1]?.type]).toEqual(['type11-11', 'type12-12']);
    expect(counts).toEqual({ host: 1, vm: 2 });
    await hypervisor.dispose();
  });

  it('apply to every VM and may bring the logger', async () => {
    const lines: string[] = [];
    const applied: string[] = [];
    const observer: QvmPlugin = {
      name: 'observer',
      apiVersion: 1,
      provides: [
        {
          token: LOGGER,
          scope: 'host',
          factory: (): Logger => ({ log: (level, message) => void lines.push(`${level}: ${message}`) }),
        },
      ],
      apply: (vm) => {
        applied.push(vm.name);
        vm.hooks.kernelCommandLine.tap('observer', (line) => `${line} quiet`);
      },
    };
    const hypervisor = createHypervisor({ plugins: [scripts, observer], logger: silentLogger });
    const vm = await hypervisor.createVm(describeVm('poweroff'));
    await vm.start();
    await vm.exit;
    expect(applied).toEqual(['test']);
    expect(lines).toEqual(['info: The guest powered off.']);
    await hypervisor.dispose();
  });

  it('are refused when they were built for another version', () => {
    const old: QvmPlugin = { name: 'old', apiVersion: 0, provides: [] };
    expect(() => createHypervisor({ plugins: [old] })).toThrow('the plugin old was built for version 0');
  });

  it('leave the architecture out when nothing is built in', async () => {
    const hypervisor = createHypervisor({ builtIns: false });
    expect(hypervisor.architectures).toEqual([]);
    await expect(hypervisor.createVm(describeVm())).rejects.toMatchObject({ code: 'config.unknown-arch' });
    expect(ARCHITECTURE.description).toBe('@qvm/core/Architecture');
    await hypervisor.dispose();
  });
});
