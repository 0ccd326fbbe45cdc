import { Workspace } from '../host.test.helper.js';
import { VmHost } from '../vm/vm-host.js';
import type { HostedVm } from '../vm/hosted-vm.js';

/** Address of the copy engine, which every hypervisor has. */
const PADDR = '0xff000000';

const space = new Workspace();
const host = new VmHost();
afterAll(async () => {
  await host.shutdown(0);
  space.dispose();
});

function create(name: string): Promise<HostedVm> {
  const launch = space.launch(name, ['sleep']);
  const options = [
    { name: 'paddr', value: PADDR },
    { name: 'size', value: '4K' },
  ];
  return host.create({ launch: { ...launch, spec: { ...launch.spec, vdevs: [{ type: 'passthrough', options }] } } });
}

describe('a host device', () => {
  it('belongs to one VM at a time, whatever their threads', async () => {
    const first = await create('first');
    await expect(create('second')).rejects.toThrow(/first/);
    await first.destroy();
    const third = await create('third');
    await third.destroy();
  });
});
