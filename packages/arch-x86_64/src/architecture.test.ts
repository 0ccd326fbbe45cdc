import { MachineHarness, RAM_BYTES } from './machine-tests/machine-harness.test.helper.js';
import { defaultModel, x86_64 } from './index.js';

describe('x86_64', () => {
  it('says that it cannot load images yet', async () => {
    const { services } = new MachineHarness(1, 'interp', defaultModel, x86_64.engineBytes(1, RAM_BYTES));
    const machine = x86_64.createMachine(services);
    const request = { image: { name: 'vmlinux', bytes: new Uint8Array() }, vdevNodes: () => [] };
    await expect(machine.boot(request)).rejects.toThrow(
      expect.objectContaining({
        code: 'architecture.not-implemented',
        message:
          'The VM test is for x86_64, whose images qvm cannot load yet. Guests for aarch64 run: set "arch" to "aarch64".',
      }),
    );
  });
});
