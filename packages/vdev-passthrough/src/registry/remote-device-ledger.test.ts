import { QvmError } from '@qvm/core';
import fc from 'fast-check';
import { LocalDeviceLedger } from './device-ledger.js';
import { LocalHostDevices } from './local-host-devices.js';
import { DeviceLedgerServer, RemoteDeviceLedger } from './remote-device-ledger.js';

const open = (): never => {
  throw new Error('never opened here');
};
const DEVICE = { name: 'dma', description: 'dma', paddr: 0x1000, size: 0x1000, open };
const VDEV = { vm: 'liar', vdev: 'passthrough-0' };

function join() {
  const ledger = new LocalDeviceLedger();
  const connect = (vm: string) => {
    const server = new DeviceLedgerServer(ledger, vm);
    // A copy, like a message between threads.
    const call = (message: unknown): ReturnType<DeviceLedgerServer['call']> => structuredClone(server.call(message));
    const remote = new RemoteDeviceLedger({ call, note: (note) => server.note(note) });
    return { server, devices: new LocalHostDevices([DEVICE], remote) };
  };
  return { ledger, one: connect('one'), two: connect('two') };
}

it('lets one VM of all threads have a device', () => {
  const { one, two } = join();
  const claim = one.devices.claim(0x1000, 0x1000, VDEV);
  expect(() => two.devices.claim(0x1000, 0x1000, VDEV)).toThrow('dma belongs to one/passthrough-0');
  expect(two.devices.devices()[0]?.owner).toEqual({ vm: 'one', vdev: 'passthrough-0' });
  claim.release();
  two.devices.claim(0x1000, 0x1000, VDEV);
  claim.release();
  expect(one.devices.devices()[0]?.owner?.vm).toBe('two');
});

it('gives back what a VM had when its thread ends, and nothing else', () => {
  const { ledger, one, two } = join();
  one.devices.claim(0x1000, 0x1000, VDEV);
  two.server.note({ kind: 'give', device: 'dma' });
  two.server.close();
  expect(ledger.ownerOf('dma')?.vm).toBe('one');
  one.server.close();
  expect(ledger.ownerOf('dma')).toBeUndefined();
});

it('survives whatever comes in, and bounds what one VM has', () => {
  const { ledger } = join();
  const word = fc.constantFrom('take', 'give', 'ownerOf', 'dma', '', 'x'.repeat(65));
  const value = fc.oneof(word, fc.anything());
  const message = fc.oneof(fc.anything(), fc.record({ kind: value, device: value, vdev: value }));
  fc.assert(
    fc.property(fc.array(message), (messages) => {
      const server = new DeviceLedgerServer(ledger, 'vm');
      for (const sent of messages) {
        try {
          server.call(sent);
        } catch (error) {
          expect(error).toEqual(expect.objectContaining({ code: 'host-device.call' }));
        }
        server.note(sent);
      }
      server.close();
      expect(ledger.ownerOf('dma')).toBeUndefined();
    }),
  );
  const greedy = new DeviceLedgerServer(ledger, 'vm');
  const take = (n: number): unknown => greedy.call({ kind: 'take', device: `d${n}`, vdev: 'v' });
  for (let n = 0; n < 64; n++) take(n);
  expect(() => take(64)).toThrow(QvmError);
});
