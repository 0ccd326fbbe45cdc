import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createHypervisor } from './index.js';
import { plugin as scripts, script } from './script-machine.test.helper.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function settled(): Promise<NodeJS.MemoryUsage> {
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collectGarbage();
  }
  return process.memoryUsage();
}

it('100 VMs that were made, run and disposed of leave no growth', async () => {
  const hypervisor = createHypervisor({ plugins: [scripts] });
  const handles: WeakRef<object>[] = [];
  const lives = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const vdevs = [{ type: 'pl011', options: { hostdev: i % 10 === 0 ? 'pty' : 'stdio' } }];
      const vm = await hypervisor.createVm({
        name: `vm${i}`,
        image: script('print x', i % 3 === 0 ? 'spin' : 'poweroff'),
        ram: [{ size: '1M' }],
        vdevs,
      });
      handles.push(new WeakRef(vm));
      // Covers every way to end: by the guest, by disposal while it runs, without a start.
      if (i % 3 !== 2) await vm.start();
      if (i % 3 === 1) await vm.exit;
      await vm.dispose();
    }
  };
  await lives(20);
  const before = await settled();
  await lives(100);
  const after = await settled();
  expect(hypervisor.vms).toEqual([]);
  expect(handles.filter((handle) => handle.deref() !== undefined).length).toBeLessThan(3);
  expect(after.heapUsed - before.heapUsed).toBeLessThan(1_500_000);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2_000_000);
  await hypervisor.dispose();
});
