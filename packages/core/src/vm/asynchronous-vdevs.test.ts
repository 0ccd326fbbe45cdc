import type { Vdev, VdevContext } from '../vdev/vdev.js';
import { FAKE_FILES, FakeArchitecture, fakeVdev, fakeVmOptions, recordingLogger } from './fake-machine.test.helper.js';
import type { VmOptions } from './vm-options.js';
import { Vm } from './vm.js';

/** A running VM with one vdev, `dev-0`. */
async function vmWith(create: (context: VdevContext) => Partial<Vdev>, changes: Partial<VmOptions> = {}): Promise<Vm> {
  const vdevs = [{ factory: fakeVdev('dev', { create }), options: {} }];
  const vm = new Vm(fakeVmOptions(new FakeArchitecture(), { vdevs, ...changes }));
  await vm.boot(FAKE_FILES);
  return vm;
}

/** A vdev for which the host has `outstanding` things to do, one after the other. */
function busyVdev(outstanding: number, { post }: VdevContext): Partial<Vdev> {
  let left = outstanding;
  const work = (done: () => void): void => {
    setTimeout(() => post(() => (--left === 0 ? done() : work(done))), 1);
  };
  return {
    quiesce: () => new Promise(work),
    save: () => ({ version: 3, state: { left } }),
  };
}

describe('saving vdevs', () => {
  it('waits until the host has done what they asked for, while the guest stands still', async () => {
    const vm = await vmWith((context) => busyVdev(3, context));
    vm.pause();
    const before = vm.instructions;
    expect(await vm.saveVdevs()).toEqual([{ name: 'dev-0', type: 'dev', version: 3, state: { left: 0 } }]);
    expect([vm.state, vm.instructions]).toEqual(['paused', before]);
    await vm.close();
  });

  it('runs what was posted before', async () => {
    let posted = false;
    const vm = await vmWith(() => ({ save: () => ({ version: 1, state: posted }) }));
    vm.pause();
    vm.post(() => (posted = true));
    expect(await vm.saveVdevs()).toMatchObject([{ state: true }]);
    await vm.close();
  });

  it('is refused when the VM is not paused, or not any more', async () => {
    const vm = await vmWith((context) => busyVdev(1, context));
    await expect(vm.saveVdevs()).rejects.toMatchObject({ code: 'vm.not-paused' });
    vm.pause();
    const saving = vm.saveVdevs();
    vm.resume();
    await expect(saving).rejects.toMatchObject({ code: 'vm.not-paused' });
    await vm.close();
  });

  it('names a vdev that fails', async () => {
    const vm = await vmWith(() => ({ quiesce: () => Promise.reject(new Error('the disk is gone')) }));
    vm.pause();
    await expect(vm.saveVdevs()).rejects.toMatchObject({ code: 'vdev.failed', vdev: 'dev-0', activity: 'quiesce' });
    await vm.close();
  });

  it('ends a VM of which a task fails meanwhile', async () => {
    const vm = await vmWith((context) => ({
      ...busyVdev(1, context),
      reset: () =>
        context.post(() => {
          throw new Error('broken');
        }),
    }));
    vm.pause();
    vm.vdevs[0]?.vdev.reset();
    await expect(vm.saveVdevs()).rejects.toMatchObject({ code: 'vm.not-paused' });
    expect(vm.exit).toMatchObject({ exitCode: 6 });
    await vm.close();
  });
});

describe('vdevs that need time to release what they hold', () => {
  it('get it before the VM lets go of its memory', async () => {
    const events: string[] = [];
    const dispose = async (): Promise<void> => {
      events.push('begun');
      await new Promise((resolve) => setTimeout(resolve, 5));
      events.push('done');
    };
    const vm = await vmWith(() => ({ dispose }));
    await vm.close();
    events.push('closed');
    expect(events).toEqual(['begun', 'done', 'closed']);
  });

  it('are waited for no longer than agreed, and then named', async () => {
    const logger = recordingLogger();
    const dispose = (): Promise<void> => new Promise(() => undefined);
    const vm = await vmWith(() => ({ dispose }), { logger, disposeTimeoutMs: 20 });
    await vm.close();
    expect(logger.lines).toContain(
      'warn: The vdev dev-0 still holds resources of the host after 0.02 s: nobody waits for it.',
    );
  });

  it('are named when they fail', async () => {
    const logger = recordingLogger();
    const vm = await vmWith(() => ({ dispose: () => Promise.reject(new Error('no space left')) }), { logger });
    await vm.close();
    expect(logger.lines).toContain('error: The vdev dev-0 failed (dispose): Error: no space left');
  });
});
