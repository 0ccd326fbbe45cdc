import 'reflect-metadata';
import { createToken, VDEV_FACTORY } from '@qvm/core';
import type { Logger, QvmPlugin } from '@qvm/core';
import type { VdevFactory } from '@qvm/core/vdev';
import { createHypervisor, LOGGER } from '@qvm/sdk';
import { container as root, injectable, inject, Lifecycle, scoped, singleton } from 'tsyringe';
import { bridge, containerResolver, pluginFromTsyringe, registerPlugin } from './index.js';

const HOST = createToken<{ readonly id: number }>('test/host');
const VM = createToken<{ readonly host: number; readonly id: number }>('test/vm');

function countingPlugin(): QvmPlugin {
  let hosts = 0;
  let vms = 0;
  return {
    name: 'counting',
    apiVersion: 1,
    provides: [
      { token: HOST, scope: 'host', factory: () => ({ id: ++hosts }) },
      { token: VM, scope: 'vm', factory: (resolver) => ({ host: resolver.get(HOST).id, id: ++vms }) },
    ],
  };
}

function vdev(type: string): VdevFactory {
  return {
    type,
    description: type,
    options: {},
    resources: () => ({}),
    create: () => {
      throw new Error('not made here');
    },
  };
}

describe('registerPlugin', () => {
  it('makes host services once and VM services once for each container', () => {
    const container = root.createChildContainer();
    registerPlugin(container, countingPlugin());
    const [one, two] = [container.createChildContainer(), container.createChildContainer()];
    expect(one.resolve(VM.key)).toEqual({ host: 1, id: 1 });
    expect(one.resolve(VM.key)).toBe(one.resolve(VM.key));
    expect(two.resolve(VM.key)).toEqual({ host: 1, id: 2 });
    expect(container.resolve(HOST.key)).toEqual({ id: 1 });
  });

  it('keeps several providers of one token apart, also across containers', () => {
    const container = root.createChildContainer();
    const child = container.createChildContainer();
    const vdevs = (...types: readonly string[]): QvmPlugin => ({
      name: 'vdevs',
      apiVersion: 1,
      provides: types.map((type) => ({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => vdev(type) })),
    });
    expect(containerResolver(child, container).getAll(VDEV_FACTORY)).toEqual([]);
    registerPlugin(container, vdevs('a', 'b'));
    registerPlugin(child, vdevs('c'));
    const types = containerResolver(child, container)
      .getAll(VDEV_FACTORY)
      .map(({ type }) => type);
    expect(types).toEqual(['a', 'b', 'c']);
  });

  it('throws when a service that is asked for is not there', () => {
    expect(() => containerResolver(root.createChildContainer()).get(HOST)).toThrow('unregistered');
  });
});

@singleton()
class AppLogger implements Logger {
  readonly lines: string[] = [];
  log(level: string, message: string): void {
    this.lines.push(`${level}: ${message}`);
  }
}

@injectable()
class AppVdev implements VdevFactory {
  readonly type = 'app';
  readonly description = 'a vdev of the application';
  readonly options = {};
  constructor(@inject(AppLogger) private readonly logger: AppLogger) {}
  resources(): object {
    return {};
  }
  create(): never {
    this.logger.log('info', 'create');
    throw new Error('not here');
  }
}

@scoped(Lifecycle.ContainerScoped)
class PerVm {
  static made = 0;
  readonly id = ++PerVm.made;
}

describe('pluginFromTsyringe', () => {
  it('brings an application’s logger and vdevs into a hypervisor', async () => {
    const container = root.createChildContainer();
    const plugin = pluginFromTsyringe(container, [
      bridge({ token: LOGGER, from: AppLogger }),
      bridge({ token: VDEV_FACTORY, from: AppVdev, multi: true }),
    ]);
    const hypervisor = createHypervisor({ plugins: [plugin] });
    expect(hypervisor.vdevTypes.map(({ type }) => type)).toContain('app');
    const image = { name: 'none', bytes: new Uint8Array(4) };
    const created = hypervisor.createVm({ name: 'vm', image, ram: [{ size: '1M' }], vdevs: [{ type: 'app' }] });
    await expect(created).rejects.toMatchObject({ code: 'vdev.failed' });
    expect(container.resolve(AppLogger).lines).toEqual(['info: create']);
    await hypervisor.dispose();
  });

  it('gives each VM a child container of its own', () => {
    const container = root.createChildContainer();
    const token = createToken<PerVm>('test/per-vm');
    const plugin = pluginFromTsyringe(container, [bridge({ token, from: PerVm, scope: 'vm' })]);
    const [provider] = plugin.provides;
    const resolvers = [containerResolver(container), containerResolver(container)] as const;
    const made = [resolvers[0], resolvers[0], resolvers[1]].map((resolver) => provider?.factory(resolver));
    expect(made[0]).toBe(made[1]);
    expect(made[0]).not.toBe(made[2]);
    expect(plugin.name).toBe('tsyringe');
  });
});
