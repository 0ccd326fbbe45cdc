import type { MachineSnapshot } from '@qvm/core/architecture';
import type { VmClock } from '@qvm/core/host';
import { randomProgram } from '../tier-fuzz/random-program.test.helper.js';
import { compareResumed } from '@qvm/isa-testing';
import type { ResumableRuns } from '@qvm/isa-testing';
import { bootProgram, outcomeOf, runFor } from '../tier-fuzz/tier-run.test.helper.js';
import type { TierOutcome } from '../tier-fuzz/tier-run.test.helper.js';
import type { TierProgram } from '../tier-fuzz/tier-program.test.helper.js';
import { CODE, MachineHarness, RAM_BYTES, log } from './machine-harness.test.helper.js';
import type { MachineSetup } from './machine-harness.test.helper.js';

/** A machine that restores the state of another one must continue exactly like that one. */

const LIMIT = 40_000;
const PROGRAMS = 4;

/** Moves the state of processors, RAM, time and vdevs to another machine, all through JSON. */
function moveState(from: MachineHarness, to: MachineHarness): void {
  const saved = JSON.parse(JSON.stringify(from.vm.machine.save())) as MachineSnapshot;
  const vdevs = from.vm.vdevs.map((vdev) => vdev.run('save', (device) => device.save()));
  to.vm.guestMemory.view(CODE, RAM_BYTES).set(from.vm.guestMemory.view(CODE, RAM_BYTES));
  to.vm.machine.invalidateCode(CODE, RAM_BYTES);
  to.vm.machine.restore(saved);
  (to.vm.clock as VmClock).set(from.vm.clock.now());
  to.vm.vdevs.forEach((vdev, n) => vdev.run('restore', (device) => device.restore(vdevs[n] as never)));
}

const runs: ResumableRuns<TierProgram, MachineHarness, TierOutcome> = {
  boot: (program, engine, tuning) => bootProgram(program, engine, tuning),
  run: (machine, { setup }, limit) => runFor(machine, setup, limit),
  move: moveState,
  outcome: outcomeOf,
  join: (first, second) => ({
    ...second,
    exceptions: [...first.exceptions, ...second.exceptions],
    log: [...first.log, ...second.log],
  }),
};

describe.each(['interp', 'wasm'] as const)('the saved state of processors, engine %s', (engine) => {
  it('goes on as if nothing had happened', async () => {
    let instructions = 0;
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const compared = await compareResumed(runs, randomProgram(seed), engine, LIMIT);
      expect({ seed, difference: compared.difference }).toEqual({ seed, difference: undefined });
      instructions += compared.instructions;
    }
    // Otherwise the test compares too little.
    expect(instructions).toBeGreaterThan(1000 * PROGRAMS);
  });

  it('has what is in no register: a wait, an event, the monitor, PSTATE.SS, performance monitors, debug', async () => {
    const program = `mov x0, #1\n msr pmcntenset_el0, xzr\n ldr x1, =0x80000000\n msr pmcntenset_el0, x1
      mov x1, #0x41\n msr pmcr_el0, x1\n mov x1, #0x5a\n msr dbgclaimset_el1, x1\n msr oslar_el1, xzr\n sevl
      ldr x2, =${CODE + 0x10_0000}\n mov x3, #77\n str x3, [x2]\n ldxr x4, [x2]
      msr tpidr_el0, x3\n fmov d5, #1.5\n at: wfi\n
      stxr w5, x0, [x2]\n ${log(5)} mrs x6, dbgclaimclr_el1\n ${log(6)} mrs x6, oslsr_el1\n ${log(6)}
      mrs x7, pmccntr_el0\n ${log(7)} mrs x8, tpidr_el0\n ${log(8)} wfe\n fmov x9, d5\n ${log(9)}`;
    const setup: MachineSetup = { engine };
    const fpu = 'mov x0, #0x300000\n msr cpacr_el1, x0\n isb\n';
    const boot = (): Promise<MachineHarness> => MachineHarness.boot(fpu + program, setup);
    const [whole, first, second] = [await boot(), await boot(), await boot()];
    for (const machine of [whole, first]) machine.run();
    expect(first.lastStep?.kind).not.toBe('ended');
    expect(first.vcpus[0]?.hasWork()).toBe(false);
    moveState(first, second);
    expect(second.vcpus[0]?.hasWork()).toBe(false);
    for (const machine of [whole, second]) {
      machine.vcpus[0]?.setIrq(true);
      machine.run().expectEnd();
    }
    expect(second.log).toEqual(whole.log);
    expect(second.log.slice(0, 3)).toEqual([0n, 0x5an, 8n]);
    expect(second.vm.instructions).toBe(whole.vm.instructions);
    expect(second.vcpus[0]?.save()).toEqual(whole.vcpus[0]?.save());
  });
});

describe('a saved state', () => {
  const saved = async (): Promise<{ machine: MachineHarness; snapshot: MachineSnapshot }> => {
    const machine = await MachineHarness.boot('mov x5, #5\n b .', { vcpus: 2 });
    machine.run(100);
    return { machine, snapshot: machine.vm.machine.save() };
  };

  it('has registers by name and no addresses of the host', async () => {
    const { snapshot } = await saved();
    const { registers, model } = (snapshot.vcpus[0]?.state as { processor: Record<string, unknown> }).processor as {
      registers: Record<string, string>;
      model: string;
    };
    expect(model).toBe('generic');
    expect(registers).toMatchObject({ x5: '0x5', pstate: '0x3c5', SCTLR_EL1: '0x30d00800' });
    expect(Object.keys(registers)).not.toContain('MIDR_EL1');
    expect(snapshot.vcpus[1]?.state).toMatchObject({ run: { on: false } });
  });

  type Change = (snapshot: { architecture: string; vcpus: { version: number; state: never }[] }) => void;
  const processor = (
    snapshot: Parameters<Change>[0],
  ): Record<string, unknown> & { registers: Record<string, unknown> } =>
    (snapshot.vcpus[1]?.state as unknown as { processor: never }).processor;

  it.each<[string, Change, string]>([
    ['another architecture', (s) => (s.architecture = 'x86_64'), 'The state is of x86_64, the machine of aarch64.'],
    ['a vCPU less', (s) => s.vcpus.pop(), 'The state is of 1 vCPUs, the machine has 2.'],
    ['another version', (s) => ((s.vcpus[1] as { version: number }).version = 99), 'version 99'],
    ['another model', (s) => (processor(s)['model'] = 'other'), 'CPU model other'],
    ['a register less', (s) => delete processor(s).registers['x7'], 'registers lacks x7'],
    ['a register more', (s) => (processor(s).registers['x31'] = '0x0'), 'registers has members other than'],
    ['a number too large', (s) => (processor(s).registers['x7'] = `0x1${'0'.repeat(16)}`), 'x7 is not'],
    ['something else than a number', (s) => (processor(s).registers['pc'] = 12), 'pc is not'],
    ['an exception level that there is not', (s) => (processor(s).registers['pstate'] = '0x9'), 'exception level'],
    ['an unknown part', (s) => (processor(s)['more'] = 1), 'processor has members other than'],
    ['no object', (s) => ((s.vcpus[1] as { state: unknown }).state = null), 'is not an object'],
  ])('is refused with %s, and nothing changes', async (_, change, message) => {
    const { machine, snapshot } = await saved();
    const before = machine.vm.machine.save();
    const other = JSON.parse(JSON.stringify(snapshot)) as never;
    machine.vcpus[0]?.setRegister('x5', 6n);
    const now = machine.vm.machine.save();
    expect(now).not.toEqual(before);
    change(other);
    expect(() => machine.vm.machine.restore(other)).toThrow(
      expect.objectContaining({ code: 'machine.state', message: expect.stringContaining(message) as string }),
    );
    expect(machine.vm.machine.save()).toEqual(now);
  });

  it('is refused while a vCPU runs', async () => {
    const machine = await MachineHarness.boot('hvc #0x123\n b .');
    let message = '';
    machine.vcpus[0]?.hooks.hypercall.tap({ name: 'test', stage: -2000 }, ({ immediate }) => {
      if (immediate !== 0x123) return undefined;
      try {
        machine.vm.machine.save();
      } catch (cause) {
        message = (cause as Error).message;
      }
      return [];
    });
    machine.run(1000);
    expect(message).toBe('vCPU 0 runs: its state is not saved or restored.');
  });
});
