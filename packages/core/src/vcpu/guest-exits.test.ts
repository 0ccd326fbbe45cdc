import { createVcpuHooks } from '../hooks/vcpu-hooks.js';
import { FAKE_HOOK_KINDS } from '../vm/fake-machine.test.helper.js';
import type { GuestExitEvent } from '../hooks/vcpu-hooks.js';
import { GuestExits } from './guest-exits.js';
import type { Vcpu } from './vcpu.js';

function vcpuWithExits(): { readonly vcpu: Vcpu; readonly exits: GuestExits } {
  const vcpu = { index: 0, hooks: createVcpuHooks(0, FAKE_HOOK_KINDS), instructions: 7 } as Vcpu;
  return { vcpu, exits: new GuestExits(vcpu, { kind: 'icount', now: () => 70 } as never, FAKE_HOOK_KINDS.guestExit) };
}

describe('guest exits', () => {
  it('are counted, and are guest time while nobody watches', () => {
    const { exits } = vcpuWithExits();
    exits.begin(100);
    exits.leave('sysreg', 1);
    exits.enter('sysreg');
    exits.leave('sysreg', 1);
    exits.enter('sysreg');
    exits.end(150);
    expect([exits.guestTime, exits.totals(), exits.counts()]).toEqual([50, { sysreg: { count: 2 } }, { sysreg: 2 }]);
  });

  it('add up with guest time to the turns, by the timestamps that taps see', () => {
    const { vcpu, exits } = vcpuWithExits();
    const stamps: number[] = [];
    vcpu.hooks.guestExit.tap('test', ({ timestamp = -1 }) => void stamps.push(timestamp));
    vcpu.hooks.guestEntrance.tap('test', ({ timestamp = -1 }) => void stamps.push(timestamp));
    const start = Math.floor(performance.now() * 1e6);
    exits.begin(start);
    exits.leave('sysreg', 1);
    exits.enter('sysreg');
    exits.leave('wfi', 2);
    const [left = 0, entered = 0, waited = 0] = stamps;
    exits.end(waited + 10);
    exits.begin(waited + 1_000);
    exits.end(waited + 1_007);
    expect(exits.guestTime).toBe(left - start + (waited - entered));
    expect(exits.totals()).toEqual({
      sysreg: { count: 1, timed: 1, time: entered - left },
      wfi: { count: 1, timed: 1, time: 10 + 7 },
    });
  });

  it('have the causes of their architecture and no other', () => {
    const { exits } = vcpuWithExits();
    expect(() => exits.leave('sysrg', 0)).toThrow('Did you mean "sysreg"?');
    expect(exits.totals()).toEqual({});
  });

  it('are timed and described for entrances alone, too', () => {
    const { vcpu, exits } = vcpuWithExits();
    const seen: unknown[] = [];
    vcpu.hooks.guestEntrance.tap(
      'test',
      ({ cause, vdev, syndrome, access }) => void seen.push({ cause, vdev, syndrome, value: access?.value }),
    );
    exits.begin(Math.floor(performance.now() * 1e6));
    exits.leaveToDevice('uart', 9, 0x1010, 0x10, 4, undefined);
    const until = performance.now() + 1;
    while (performance.now() < until);
    exits.enterFromDevice(5);
    exits.leave('wfi', 2);
    exits.enter('wfi');
    expect(seen).toEqual([
      { cause: 'mmio', vdev: 'uart', syndrome: 9, value: 5 },
      { cause: 'wfi', vdev: undefined, syndrome: 2, value: undefined },
    ]);
    expect(exits.totals()['mmio']?.time).toBeGreaterThan(900_000);
  });

  it('tell of device accesses what is written, and afterwards what was read', () => {
    const { vcpu, exits } = vcpuWithExits();
    const seen: unknown[] = [];
    const note = ({ cause, vdev, syndrome, instructions, time, access }: GuestExitEvent): void =>
      void seen.push({ cause, vdev, syndrome, instructions, time, ...access });
    vcpu.hooks.guestExit.tap('test', note);
    vcpu.hooks.guestEntrance.tap('test', note);
    exits.leaveToDevice('uart', 9, 0x1010, 0x10, 4, undefined);
    exits.enterFromDevice(5);
    exits.leave('wfi', 3);
    const read = { cause: 'mmio', vdev: 'uart', syndrome: 9, instructions: 7, time: 70, address: 0x1010, offset: 0x10 };
    expect(seen).toEqual([
      { ...read, width: 4, write: false, value: 0, high: 0 },
      { ...read, width: 4, write: false, value: 5, high: 0 },
      { cause: 'wfi', vdev: undefined, syndrome: 3, instructions: 7, time: 70 },
    ]);
  });
});
