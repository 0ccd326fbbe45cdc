import type { MachineServices } from '@qvm/core/architecture';
import { x86_64 } from './index.js';

describe('x86_64', () => {
  it('says that it is not implemented', () => {
    const services = { name: 'desktop' } as MachineServices;
    expect(() => x86_64.createMachine(services)).toThrow(
      expect.objectContaining({
        code: 'architecture.not-implemented',
        message:
          'The VM desktop is for x86_64, which qvm cannot run yet. Guests for aarch64 run: set "arch" to "aarch64".',
      }),
    );
  });
});
