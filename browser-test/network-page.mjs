// Networks in a browser: VMs of two hypervisors at one switch, frames between ports of it, and a port in a worker.
import { createHypervisor } from '@qvm/sdk';
import { embeddedGuest } from '@qvm/guests/embedded';
import { networkPlugin, plugThreadPort, SwitchFabric } from '@qvm/vswitch';
import { broadcast, nextFrame, reply, sourceOf } from './network-frames.mjs';

const SWITCH = 'vswitch0';

async function plugVms(fabric) {
  const hypervisor = createHypervisor({ plugins: [networkPlugin(fabric)] });
  for (const name of ['first', 'second']) {
    await hypervisor.createVm({
      name,
      image: { name: 'embedded guest', bytes: embeddedGuest().image },
      ram: [{ size: '64M' }],
      vdevs: [{ type: 'virtio-net', options: { peer: SWITCH, name: 'net' } }],
    });
  }
  const ports = fabric.switch(SWITCH).ports.map(({ name }) => name);
  await hypervisor.dispose();
  return { plugged: ports, left: fabric.switch(SWITCH).ports.length };
}

async function exchange(fabric) {
  const [one, other] = ['one', 'other'].map((name) => fabric.switch(SWITCH).attach({ name }));
  const asked = nextFrame(other);
  const answered = nextFrame(one);
  const sent = one.send(broadcast(1, 'ping'));
  const question = await asked;
  other.send(reply(question, 2, 'pong'));
  const answer = await answered;
  const stations = fabric.switch(SWITCH).stations.map(({ address, port }) => `${address} ${port}`);
  one.close();
  other.close();
  return { sent, question: sourceOf(question), answer: sourceOf(answer), stations };
}

/** A device in a worker asks for a cable to the switch, and speaks with a port of the page. */
async function exchangeWithWorker(fabric) {
  const probe = fabric.switch(SWITCH).attach({ name: 'probe' });
  const asked = nextFrame(probe);
  const worker = new Worker('network-worker.js', { type: 'module' });
  const result = new Promise((resolve) => {
    worker.onerror = ({ message }) => resolve({ error: `the worker failed: ${message}` });
    worker.onmessage = ({ data }) => {
      if (data.parts === undefined) resolve(data);
      else plugThreadPort(fabric, data.peer, data.device, data.parts);
    };
  });
  const question = await Promise.race([asked, result.then(({ error }) => Promise.reject(new Error(error)))]);
  probe.send(reply(question, 3, 'pong'));
  const { answer, error } = await result;
  worker.terminate();
  return { question: sourceOf(question), answer, error };
}

/** Without a word of networks, VMs of a browser have one. */
async function plugByDefault() {
  const hypervisor = createHypervisor();
  const vm = await hypervisor.createVm({
    name: 'alone',
    image: { name: 'embedded guest', bytes: embeddedGuest().image },
    ram: [{ size: '64M' }],
    vdevs: [{ type: 'virtio-net', options: { peer: SWITCH, name: 'net' } }],
  });
  const types = vm.vdevs.map(({ type }) => type);
  await hypervisor.dispose();
  return types.includes('virtio-net');
}

async function run() {
  const fabric = new SwitchFabric();
  try {
    return {
      vms: await plugVms(fabric),
      page: await exchange(fabric),
      worker: await exchangeWithWorker(fabric),
      byDefault: await plugByDefault(),
    };
  } catch (error) {
    return { error: String(error?.stack ?? error) };
  }
}

await fetch('result', { method: 'POST', body: JSON.stringify(await run()) });
