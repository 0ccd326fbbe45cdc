import { fileURLToPath } from 'node:url';
import { eventually, Workspace } from '../host.test.helper.js';
import { VmHost } from '../vm/vm-host.js';
import type { HostedVm } from '../vm/hosted-vm.js';

const SHARER = fileURLToPath(new URL('./sharing-vdev.test.helper.js', import.meta.url));

const space = new Workspace();
const host = new VmHost();
afterAll(async () => {
  await host.shutdown(0);
  space.dispose();
});

async function start(name: string, ...options: readonly [string, string][]): Promise<HostedVm> {
  const launch = space.launch(name, ['sleep']);
  const vdevs = [{ type: 'sharer', options: options.map(([option, value]) => ({ name: option, value })) }];
  const vm = await host.create({
    launch: { ...launch, spec: { ...launch.spec, vdevs }, plugins: [...(launch.plugins ?? []), SHARER] },
  });
  await vm.start();
  return vm;
}

async function statusOf(vm: HostedVm): Promise<unknown> {
  const vdevs = await vm.request('vdevs', undefined);
  return vdevs.find(({ type }) => type === 'sharer')?.status;
}

describe('shared memory across the threads of VMs', () => {
  it('is the same memory, notifies, and goes with the VMs', async () => {
    const server = await start('server', ['region', 'shm'], ['size', '65536'], ['write', 'from the server']);
    const client = await start('client', ['region', 'shm'], ['write', 'from a client']);
    await eventually(() => host.services.sharedMemory.regions()[0]?.clients.length === 2);
    expect(await statusOf(client)).toMatchObject({ found: 'from the server' });
    let status = await statusOf(server);
    while (!JSON.stringify(status).includes('"notified":1')) status = await statusOf(server);
    expect(status).toEqual({ found: '', now: 'from a client', notified: 1 });
    expect(host.services.sharedMemory.regions()).toMatchObject([
      { name: 'shm', holder: { vm: 'server' }, clients: [{ owner: { vm: 'server' } }, { owner: { vm: 'client' } }] },
    ]);
    await server.destroy();
    expect(await statusOf(client)).toMatchObject({ now: 'from a client' });
    expect(host.services.sharedMemory.regions()).toMatchObject([{ clients: [{ owner: { vm: 'client' } }] }]);
    await client.destroy();
    expect(host.services.sharedMemory.regions()).toEqual([]);
  });

  it('refuses by the code of the registry', async () => {
    await expect(start('lonely', ['region', 'nobody'], ['write', 'x'])).rejects.toThrow(/no shared region nobody/);
  });

  it('of the host lives as long as the host', async () => {
    host.services.share('of-host', 0x1_0000);
    host.services.share('of-host', 0x1_0000);
    expect(() => host.services.share('of-host', 0x2_0000)).toThrow(
      expect.objectContaining({ code: 'shmem.exists' }) as Error,
    );
    const client = await start('guest', ['region', 'of-host'], ['write', 'hello']);
    await client.destroy();
    expect(host.services.sharedMemory.regions()).toMatchObject([{ name: 'of-host', clients: [] }]);
  });
});
