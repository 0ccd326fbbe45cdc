import { Worker } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import type { VmSpec } from '@qvm/config';
import { ServiceBroker, type ServiceFactory } from './service-broker.js';

const CALLER = fileURLToPath(new URL('./calling-worker.test.helper.js', import.meta.url));
const SPEC: VmSpec = {
  name: 'vm',
  arch: 'aarch64',
  image: 'x',
  cpus: 1,
  ram: [{ size: 4096 }],
  vdevs: [],
  baseDir: '/',
};

/** Runs the caller with a service until it has finished; returns its report and the log. */
async function call(service: ServiceFactory): Promise<{ readonly said: unknown; readonly log: readonly string[] }> {
  const log: string[] = [];
  const broker = new ServiceBroker(
    { spec: SPEC, log: (_level, message) => log.push(message) },
    new Map([['test', service]]),
  );
  const { parts } = broker;
  const worker = new Worker(CALLER, { workerData: parts, transferList: [parts.calls, parts.events] });
  try {
    const said = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    return { said, log };
  } finally {
    await worker.terminate();
    broker.close();
  }
}

describe('the link between a VM’s thread and the services of its host', () => {
  it('carries calls that wait, notes in their order, and events', async () => {
    const got: unknown[] = [];
    let closed = 0;
    const { said, log } = await call((vm, send) => ({
      call: (body) => {
        got.push(body);
        if (body === 'event') send(`for ${vm.spec.name}`);
        return [body, got.length];
      },
      note: (body) => got.push(body),
      close: () => closed++,
    }));
    expect(said).toEqual({
      answers: [
        ['first', 1],
        ['second', 3],
        ['event', 4],
      ],
      event: 'for vm',
    });
    expect(got).toEqual(['first', 'note', 'second', 'event']);
    expect(log).toEqual([]);
    expect(closed).toBe(1);
  });

  it('gives up when a service does not answer', async () => {
    const { said, log } = await call(() => ({
      call: () => {
        throw new Error('broken');
      },
      note: () => undefined,
      close: () => undefined,
    }));
    expect(said).toMatchObject({ error: 'host.no-answer' });
    expect(log[0]).toBe("the host's test failed: broken");
  });
});
