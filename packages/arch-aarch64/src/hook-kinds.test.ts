import { QvmError } from '@qvm/core';
import { createVcpuHooks } from '@qvm/core/architecture';
import { tappable } from '@qvm/core/hooks';
import { AARCH64_HOOK_KINDS, aarch64Hooks } from './index.js';

describe('kinds of the hooks of AArch64', () => {
  it('are known to the compiler of a plugin that says that its guest is AArch64', () => {
    const hooks = createVcpuHooks(0, AARCH64_HOOK_KINDS);
    const known = aarch64Hooks(tappable(hooks));
    const seen: string[] = [];
    known.trap.for('hardwareBreakpoint').tap('test', ({ kind }) => {
      // @ts-expect-error there is no such kind
      if (kind !== 'brk') seen.push(kind);
      return undefined;
    });
    // @ts-expect-error there is no such cause
    known.guestExit.tap('test', ({ cause }) => void (cause === 'exit' || seen.push(cause)));
    hooks.trap.for('hardwareBreakpoint').call({ kind: 'hardwareBreakpoint' } as never);
    hooks.guestExit.call({ cause: 'budget' } as never);
    expect(seen).toEqual(['hardwareBreakpoint', 'budget']);
    // @ts-expect-error there is no such kind
    const wrong = (): unknown => known.trap.for('hardwareBreakpiont');
    expect(wrong).toThrow(QvmError);
    expect(wrong).toThrow('Did you mean "hardwareBreakpoint"?');
  });

  it('are not those of another architecture', () => {
    const other = createVcpuHooks(0, { ...AARCH64_HOOK_KINDS, trap: { svc: 'A call.' } });
    expect(() => aarch64Hooks(tappable(other))).toThrow('Vcpu[0].trap has no kind "hvc".');
  });

  it('have a sentence each', () => {
    for (const kinds of Object.values(AARCH64_HOOK_KINDS)) {
      for (const [kind, description] of Object.entries(kinds)) {
        expect([kind, description]).toEqual([
          expect.stringMatching(/^[a-zA-Z]+$/),
          expect.stringMatching(/^[A-Z].*\.$/),
        ]);
      }
    }
  });
});
