import { compareResumed } from '@qvm/isa-testing';
import type { ResumableRuns } from '@qvm/isa-testing';
import type { MachineSnapshot } from '@qvm/core/architecture';
import { randomProgram } from '../tier-fuzz/random-program.test.helper.js';
import type { TierProgram } from '../tier-fuzz/tier-program.test.helper.js';
import { bootProgram, outcomeOf, runFor } from '../tier-fuzz/tier-run.test.helper.js';
import type { TierOutcome } from '../tier-fuzz/tier-run.test.helper.js';
import { hex, MachineHarness, RAM_BYTES } from './machine-harness.test.helper.js';

/** A machine that restores the state of another one must continue exactly like that one. */

const LIMIT = 20_000;
const PROGRAMS = 6;

type Saved = { vcpus: { state: { processor: { registers: Record<string, string> } & Record<string, unknown> } }[] };

const saved = (machine: MachineHarness): MachineSnapshot =>
  JSON.parse(JSON.stringify(machine.machine.save())) as MachineSnapshot;

/** Interrupts are counted by steps of the run, which a stop half-way divides otherwise: none are sent. */
const runs: ResumableRuns<TierProgram, MachineHarness, TierOutcome> = {
  boot: (program, engine, tuning) => bootProgram(program, engine, tuning),
  run: async (machine, { setup }, limit) => {
    await runFor(machine, { ...setup, interrupts: 0 }, machine.vcpu.instructions + limit, false);
  },
  move: (from, to) => {
    const ram = from.memory.u8.subarray(from.ram.offset, from.ram.offset + RAM_BYTES);
    to.memory.u8.set(ram, to.ram.offset);
    to.machine.invalidateCode(0, RAM_BYTES);
    to.machine.restore(saved(from));
  },
  outcome: (machine) => outcomeOf(machine, ''),
  join: (first, second) => ({ ...second, log: [...first.log, ...second.log] }),
};

describe.each(['interp', 'wasm'] as const)('the saved state of x86_64 processors, engine %s', (engine) => {
  it('goes on as if nothing had happened', async () => {
    let instructions = 0;
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const compared = await compareResumed(runs, randomProgram(seed), engine, LIMIT);
      expect({ seed, difference: compared.difference }).toEqual({ seed, difference: undefined });
      instructions += compared.instructions;
    }
    // Otherwise the test compares too little.
    expect(instructions).toBeGreaterThan(500 * PROGRAMS);
  });
});

describe('a saved state of an x86_64 processor', () => {
  type Change = (processor: Saved['vcpus'][number]['state']['processor']) => void;

  it.each<[string, Change, string]>([
    ['another model', (p) => (p['model'] = 'max,-nx'), 'CPU model max,-nx'],
    ['a register less', (p) => delete p.registers['r15'], 'registers lacks r15'],
    ['a register more', (p) => (p.registers['r16'] = '0x0'), 'registers has members other than'],
    ['a number too large', (p) => (p.registers['rax'] = `0x1${'0'.repeat(16)}`), 'rax is not'],
    ['a pc that is not canonical', (p) => (p['pc'] = 2 ** 48), 'pc is not a canonical address'],
    ['paging without protected mode', (p) => (p.registers['cr0'] = '0x80000000'), 'no processor can be in'],
    ['long mode without PAE', (p) => (p.registers['cr4'] = '0x0'), 'no processor can be in'],
    ['long mode that is not enabled', (p) => (p.registers['efer'] = '0x400'), 'no processor can be in'],
    ['a privilege level that there is not', (p) => (p.registers['cpl'] = '0x4'), 'no processor can be in'],
    ['code of 64 and 32 bits at once', (p) => (p.registers['cs.attributes.low'] = '0xe09b'), 'no processor can be in'],
  ])('is refused with %s, and nothing changes', (_, change, message) => {
    const machine = new MachineHarness();
    machine.enterLongMode(hex('90 90 f4'));
    machine.run(1);
    const before = saved(machine);
    const other = saved(machine) as unknown as Saved;
    change((other.vcpus[0] as Saved['vcpus'][number]).state.processor);
    expect(() => machine.machine.restore(other as unknown as MachineSnapshot)).toThrow(
      expect.objectContaining({ code: 'machine.state', message: expect.stringContaining(message) as string }),
    );
    expect(saved(machine)).toEqual(before);
  });
});
