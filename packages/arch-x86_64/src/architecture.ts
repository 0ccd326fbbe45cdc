import { QvmError } from '@qvm/core';
import type { Architecture } from '@qvm/core/architecture';

/**
 * x86_64. Its engine is not implemented yet: `Architecture.createMachine` throws a {@link QvmError}
 * `architecture.not-implemented`. No plugin provides it, so a configuration cannot select it by mistake.
 *
 * @experimental
 */
export const x86_64: Architecture = {
  name: 'x86_64',
  defaultBoard: 'pc',
  hookKinds: { trap: {}, guestExit: {}, interruptTaken: {} },
  engineBytes: () => 0,
  createMachine: ({ name }) => {
    throw new QvmError(
      'architecture.not-implemented',
      `The VM ${name} is for x86_64, which qvm cannot run yet. Guests for aarch64 run: set "arch" to "aarch64".`,
    );
  },
};
