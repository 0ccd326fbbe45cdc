import { DEBUG_PORT } from './debug-port.test.helper.js';
import { BACK_TO_EL1, MachineHarness, esr, goToEl0, log } from './machine-harness.test.helper.js';

/* Breakpoints of the guest's own debugger (Arm ARM D2.8). */

const MDE = 1 << 15;
const KDE = 1 << 13;
/** DBGBCR<n>_EL1: enabled, for A64 instructions. */
const ENABLED = 1 | (0xf << 5);
const [AT_EL1, AT_EL0] = [1 << 1, 2 << 1];
const SECURE = 2 << 14;
const LINKED = 1 << 20;
const CONTEXT = 2 << 20;
const LINKED_CONTEXT = 3 << 20;
const [LOWER, SAME] = [esr(0x30, 0x22), esr(0x31, 0x22)];
const [LOWER_VECTOR, SAME_VECTOR] = [0x400, 0x200];

const UNLOCK = 'msr oslar_el1, xzr\n isb\n';
const UNMASK = 'msr daifclr, #8\n';
const control = (mdscr: number): string => `ldr x0, =${mdscr}\n msr mdscr_el1, x0\n isb\n`;
/** Sets a pair of registers; the value is a label or a number. */
const set = (n: number, value: string, bits: number): string =>
  `ldr x0, =${value}\n msr dbgbvr${n}_el1, x0\n ldr x0, =${bits}\n msr dbgbcr${n}_el1, x0\n isb\n`;
const ON = `${UNLOCK} ${UNMASK} ${control(MDE | KDE)}`;

/** The exceptions of a program that sets breakpoints, by address. */
async function stops(source: string): Promise<readonly (readonly [vector: number, esr: number, elr: bigint])[]> {
  const machine = await MachineHarness.run(source);
  machine.expectEnd();
  return machine.exceptions.map(({ vector, esr: e, elr }) => [vector, e, elr - machine.label('here')] as const);
}

describe('breakpoints', () => {
  it('stop before the instruction, which the handler may skip', async () => {
    const machine = await MachineHarness.run(
      `${ON} ${set(0, 'here', ENABLED | AT_EL1)} mov x1, #1\n here: mov x1, #2\n after: ${log(1)}`,
    );
    machine.expectEnd();
    expect(machine.log).toEqual([1n]);
    expect(machine.exceptions).toEqual([
      expect.objectContaining({ vector: SAME_VECTOR, esr: SAME, elr: machine.label('here') }),
    ]);
  });

  it('stop EL0 without KDE, and with PSTATE.D set at EL1', async () => {
    const source = `${UNLOCK} ${control(MDE)} ${set(1, 'here', ENABLED | AT_EL0)} ${goToEl0()} nop\n here: nop\n ${BACK_TO_EL1}`;
    expect(await stops(source)).toEqual([[LOWER_VECTOR, LOWER, 0n]]);
  });

  it.each(['interp', 'wasm'] as const)('do not change when a device is accessed (%s)', async (engine) => {
    const access = `ldr x1, =${DEBUG_PORT}\n nop\n str w1, [x1]\n nop\n ldr w2, [x1]\n str w2, [x1]\n`;
    const accesses = async (bits: number): Promise<readonly number[]> => {
      const seen: number[] = [];
      const machine = await MachineHarness.boot(`${ON} ${set(0, 'unused', bits)} ${access} b 1f\n unused: nop\n 1:`, {
        engine,
        prepare: ({ vcpus: [vcpu] }) =>
          void vcpu?.hooks.guestExit.tap('test', ({ cause, instructions }) => {
            if (cause === 'mmio') seen.push(instructions);
          }),
      });
      machine.run().expectEnd();
      return seen;
    };
    const free = await accesses(0);
    expect(free).toHaveLength(3);
    expect(await accesses(ENABLED | AT_EL1)).toEqual(free);
  });

  it('stop each turn of a loop that was hot before', async () => {
    const loop = (turns: number): string => `mov x2, #${turns}\n bl loop\n`;
    const machine =
      await MachineHarness.run(`${ON} mov x3, #0\n ${loop(3000)} ${set(0, 'here', ENABLED | AT_EL1)} ${loop(5)}
      ${control(0)} ${loop(3000)} ${log(3)} b done
      loop: subs x2, x2, #1\n here: nop\n add x3, x3, #1\n b.ne loop\n ret
      done:`);
    machine.expectEnd();
    expect(machine.log).toEqual([6005n]);
    expect(machine.exceptions.map(({ elr }) => elr)).toEqual(new Array(5).fill(machine.label('here')));
  });

  it.each([
    ['while the OS lock is on', `${UNMASK} ${control(MDE | KDE)} ${set(0, 'here', ENABLED | AT_EL1)}`],
    ['of EL1 without KDE', `${UNLOCK} ${UNMASK} ${control(MDE)} ${set(0, 'here', ENABLED | AT_EL1)}`],
    ['of EL1 with PSTATE.D set', `${UNLOCK} ${control(MDE | KDE)} ${set(0, 'here', ENABLED | AT_EL1)}`],
    ['without MDE', `${UNLOCK} ${UNMASK} ${control(KDE)} ${set(0, 'here', ENABLED | AT_EL1)}`],
    ['that are not enabled', `${ON} ${set(0, 'here', (ENABLED & ~1) | AT_EL1)}`],
    ['of EL0 at EL1', `${ON} ${set(0, 'here', ENABLED | AT_EL0)}`],
    ['of Secure state', `${ON} ${set(0, 'here', ENABLED | AT_EL1 | SECURE)}`],
    ['at another address', `${ON} ${set(0, 'here + 8', ENABLED | AT_EL1)} b here\n`],
  ])('do not stop: %s', async (_, before) => {
    expect(await stops(`${before} here: nop\n b end\n nop\n end: nop`)).toEqual([]);
  });

  it.each([
    ['its own', 7, 7, 1],
    ['another', 7, 8, 0],
  ])('that are linked to a context stop in it: %s', async (_, wanted, present, times) => {
    const source = `${ON} ldr x1, =${present}\n msr contextidr_el1, x1\n isb\n ${set(1, String(wanted), ENABLED | LINKED_CONTEXT)}
      ${set(0, 'here', ENABLED | AT_EL1 | LINKED | (1 << 16))} nop\n here: nop\n nop`;
    expect(await stops(source)).toEqual(new Array(times).fill([SAME_VECTOR, SAME, 0n]));
  });

  it('of a context stop all of its instructions', async () => {
    const machine = await MachineHarness.boot(
      `${ON} ${set(1, '7', ENABLED | AT_EL1 | CONTEXT)} ldr x1, =7\n msr contextidr_el1, x1\n here: nop\n nop\n nop\n nop`,
    );
    machine.onException = (_, vcpu) => {
      if (machine.exceptions.length === 3) vcpu.state.setU64(machine.offset('MDSCR_EL1'), 0n);
    };
    machine.run().expectEnd();
    expect(machine.exceptions.map(({ elr }) => elr - machine.label('here'))).toEqual([0n, 4n, 8n]);
  });
});
