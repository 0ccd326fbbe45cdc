import type { MachineSnapshot } from '@qvm/core/architecture';
import { enablePrivate, gicOn } from './gic-on.test.helper.js';
import { BACK_TO_EL1, CODE, MachineHarness, RAM_BYTES, goToEl0, log } from './machine-harness.test.helper.js';

/* Counts are those of the programs below, counted by hand; `MachineHarness.run` compares the two engines besides. */

const [SW_INCR, INST_RETIRED, CPU_CYCLES, CHAIN] = [0, 8, 0x11, 0x1e];
const EXCLUDE_EL1 = 2 ** 31;
const EXCLUDE_EL0 = 2 ** 30;
const CYCLES = 2 ** 31;
const INTERRUPT = 23;
const SYSREG_TRAP = 0x18;

const set = (register: string, value: number): string => `ldr x0, =${value}\n msr ${register}, x0\n`;
/** Everything on: the counters of these bits. */
const go = (counters: number): string => `${set('pmcr_el0', 1)} ${set('pmcntenset_el0', counters)}`;
const stop = 'msr pmcr_el0, xzr\n';
const read = (register: string): string => `mrs x1, ${register}\n${log(1)}`;
/** 2 + 2 × `turns` instructions. */
const loop = (turns: number): string => `ldr x2, =${turns}\n 1: subs x2, x2, #1\n b.ne 1b\n nop\n`;

const logged = (machine: MachineHarness): number[] => machine.expectEnd().log.map(Number);

describe('the performance monitors', () => {
  it('say what they have', async () => {
    const machine = await MachineHarness.run(
      `mrs x1, id_aa64dfr0_el1\n ubfx x1, x1, #8, #4\n ${log(1)} ${read('pmcr_el0')} ${read('pmceid0_el0')} ${read('pmceid1_el0')}`,
    );
    const events = [SW_INCR, INST_RETIRED, CPU_CYCLES, CHAIN].reduce((bits, event) => bits + 2 ** event, 0);
    expect(logged(machine)).toEqual([1, (6 << 11) | 0x40, events, 0]);
  });

  it('count instructions and cycles, exactly, while they are enabled', async () => {
    const machine = await MachineHarness.run(
      `${set('pmevtyper0_el0', INST_RETIRED)} ${set('pmevtyper1_el0', CPU_CYCLES)} ${set('pmevtyper2_el0', INST_RETIRED)}
       ${set('pmevtyper3_el0', 0x03)} ${set('pmcr_el0', 1)}
       ldr x0, =${CYCLES + 0xb}\n msr pmcntenset_el0, x0\n ${loop(1000)} ${stop} ${loop(50)}
       ${['pmccntr_el0', 'pmevcntr0_el0', 'pmevcntr1_el0', 'pmevcntr2_el0', 'pmevcntr3_el0'].map(read).join('')}
       ${read('pmovsset_el0')}`,
    );
    // The loop and the instruction that stops. Counter 2 is not enabled, counter 3 has an event that does not exist.
    expect(logged(machine)).toEqual([2003, 2003, 2003, 0, 0, 0]);
  });

  it('count while they are read', async () => {
    const machine = await MachineHarness.run(
      `${set('pmevtyper0_el0', INST_RETIRED)} ${go(1)} mrs x3, pmevcntr0_el0\n nop\n nop\n mrs x4, pmevcntr0_el0\n sub x1, x4, x3\n ${log(1)}`,
    );
    expect(logged(machine)).toEqual([3]);
  });

  it('count at the levels that are not excluded', async () => {
    const types = [EXCLUDE_EL1, EXCLUDE_EL0, 0, EXCLUDE_EL0 + EXCLUDE_EL1];
    const configure = types.map((bits, n) => set(`pmevtyper${n}_el0`, bits + INST_RETIRED)).join('');
    const counters = types.map((_, n) => read(`pmevcntr${n}_el0`)).join('');
    const machine = await MachineHarness.run(
      `${configure} ${set('pmccfiltr_el0', EXCLUDE_EL1)} ${go(CYCLES + 0xf)}
       ${goToEl0()} ${loop(10)} ${loop(10)} ${BACK_TO_EL1} ${stop} ${counters} ${read('pmccntr_el0')} ${read('pmccfiltr_el0')}`,
    );
    const [user = 0, kernel = 0, all, none, cycles, filter] = logged(machine);
    // Two loops and SVC; goToEl0 has five instructions, the vector calls the harness and returns.
    expect([user, all, none, cycles, filter]).toEqual([45, user + kernel, 0, user, EXCLUDE_EL1]);
    expect(kernel).toBeGreaterThan(5);
    expect(kernel).toBeLessThan(20);
  });

  it('are incremented by software, each alone', async () => {
    const machine = await MachineHarness.run(
      `${set('pmevtyper0_el0', SW_INCR)} ${set('pmevtyper1_el0', SW_INCR)} ${set('pmevtyper2_el0', INST_RETIRED)}
       ${set('pmevtyper3_el0', EXCLUDE_EL1 + SW_INCR)} ${set('pmswinc_el0', 1)} ${go(0b1101)}
       ${set('pmswinc_el0', 0b0111)} ${set('pmswinc_el0', 0b0001)} ${set('pmswinc_el0', 0xffff_fff8)} ${stop} ${set('pmswinc_el0', 1)}
       ${[0, 1, 3].map((n) => read(`pmevcntr${n}_el0`)).join('')}`,
    );
    expect(logged(machine)).toEqual([2, 0, 0]);
  });

  it('overflow after 32 bits, into a chained counter, and the cycle counter after 64', async () => {
    const machine = await MachineHarness.run(
      `${set('pmevtyper0_el0', SW_INCR)} ${set('pmevtyper1_el0', CHAIN)} ${set('pmevtyper2_el0', INST_RETIRED)} ${set('pmevtyper3_el0', CHAIN)}
       ${set('pmevcntr0_el0', 0xffff_ffff)} ${set('pmevcntr1_el0', 0xffff_ffff)} ${set('pmevcntr2_el0', 0xffff_fff0)}
       mov x0, #-16\n msr pmccntr_el0, x0\n ${go(CYCLES + 0xf)} ${set('pmswinc_el0', 1)} ${loop(8)} ${stop}
       ${['pmovsset_el0', ...[0, 1, 2, 3].map((n) => `pmevcntr${n}_el0`), 'pmccntr_el0'].map(read).join('')}
       ${set('pmovsclr_el0', CYCLES + 1)} ${read('pmovsclr_el0')} ${set('pmovsset_el0', 0xffff_ffff)} ${read('pmovsset_el0')}`,
    );
    // Two instructions for the increment, 18 of the loop, the one that stops.
    const counted = 21 - 16;
    expect(logged(machine)).toEqual([CYCLES + 7, 0, 0, counted, 1, counted, 6, CYCLES + 0x3f]);
  });

  it('are reset by PMCR_EL0, the event counters and the cycle counter by themselves', async () => {
    const values = ['pmccntr_el0', 'pmevcntr0_el0', 'pmevcntr5_el0'].map(read).join('');
    const fill = ['pmccntr_el0', 'pmevcntr0_el0', 'pmevcntr5_el0'].map((name) => set(name, 7)).join('');
    const machine = await MachineHarness.run(
      `${fill} ${set('pmcr_el0', 2)} ${values} ${fill} ${set('pmcr_el0', 4)} ${values} ${read('pmcr_el0')}`,
    );
    expect(logged(machine)).toEqual([7, 0, 0, 0, 7, 7, (6 << 11) | 0x40]);
  });

  it('are reached by PMSELR_EL0, too; counters that there are not read as zero', async () => {
    const select = (n: number): string => set('pmselr_el0', n);
    const machine = await MachineHarness.run(
      `${select(5)} ${set('pmxevtyper_el0', INST_RETIRED)} ${set('pmxevcntr_el0', 9)} ${read('pmevtyper5_el0')} ${read('pmevcntr5_el0')}
       ${select(31)} ${set('pmxevtyper_el0', 0xffff_ffff)} ${read('pmccfiltr_el0')} ${set('pmxevcntr_el0', 3)} ${read('pmxevcntr_el0')} ${read('pmccntr_el0')}
       ${select(6)} ${set('pmxevtyper_el0', 9)} ${set('pmxevcntr_el0', 9)} ${read('pmxevtyper_el0')} ${read('pmxevcntr_el0')}
       ${select(0)} ${set('pmxevtyper_el0', 0xffff_ffff)} ${read('pmxevtyper_el0')} ${set('pmcntenset_el0', 0xffff_ffff)} ${read('pmcntenclr_el0')}
       ${set('pmcntenclr_el0', 0xf)} ${read('pmcntenset_el0')} ${set('pmintenset_el1', 0xffff_ffff)} ${set('pmintenclr_el1', 1)} ${read('pmintenset_el1')}`,
    );
    expect(logged(machine)).toEqual([
      ...[INST_RETIRED, 9, EXCLUDE_EL1 + EXCLUDE_EL0, 0, 0, 0, 0],
      ...[EXCLUDE_EL1 + EXCLUDE_EL0 + 0x3ff, CYCLES + 0x3f, CYCLES + 0x30, CYCLES + 0x3e],
    ]);
  });

  it('trap EL0 but for what PMUSERENR_EL0 enables', async () => {
    const accesses = [
      ...['mrs x1, pmuserenr_el0', 'mrs x1, pmccntr_el0', 'msr pmccntr_el0, x1', 'msr pmswinc_el0, xzr'],
      ...['mrs x1, pmevcntr3_el0', 'msr pmevcntr3_el0, x1', 'mrs x1, pmxevcntr_el0', 'msr pmselr_el0, xzr'],
      ...['mrs x1, pmselr_el0', 'mrs x1, pmcr_el0', 'mrs x1, pmevtyper0_el0', 'msr pmovsclr_el0, xzr'],
    ];
    const trapped = async (enable: number): Promise<readonly number[]> => {
      const machine = await MachineHarness.run(
        `${set('pmuserenr_el0', enable)} ${goToEl0()} start:\n ${accesses.join('\n')}\n ${BACK_TO_EL1}`,
      );
      machine.expectEnd();
      expect(machine.exceptions.every(({ esr }) => esr >>> 26 === SYSREG_TRAP)).toBe(true);
      return machine.exceptions.map(({ elr }) => Number(elr - machine.label('start')) / 4);
    };
    expect(await trapped(0)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await trapped(2)).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await trapped(4)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await trapped(8)).toEqual([1, 2, 3, 5, 9, 10, 11]);
    expect(await trapped(1)).toEqual([]);
  });
});

describe('the interrupt of the performance monitors', () => {
  /** Logs the interrupt and where it came, and lets counter 0 count from `again` on. */
  const handler = (again: number): string =>
    `mrs x10, icc_iar1_el1\n ${log(10)} mrs x11, elr_el1\n ${log(11)} mrs x11, pmevcntr0_el0\n
     ${set('pmovsclr_el0', 0xffff_ffff)} ${set('pmevcntr0_el0', again)} msr icc_eoir1_el1, x10\n eret\n`;
  const on = `${gicOn()} ${enablePrivate(INTERRUPT)} msr daifclr, #2\n`;

  it('comes at the instruction after the one that overflows', async () => {
    const machine = await MachineHarness.run(
      `${on} ${set('pmevtyper0_el0', INST_RETIRED)} ${set('pmintenset_el1', 1)} ${set('pmevcntr0_el0', 0xffff_ffff - 4)}
       ${set('pmcr_el0', 1)} mov x0, #1\n msr pmcntenset_el0, x0\n at: ${'nop\n'.repeat(20)} ${stop}`,
      { vectors: { 0x280: handler(0) } },
    );
    expect(machine.expectEnd().log).toEqual([BigInt(INTERRUPT), machine.label('at') + 20n]);
  });

  it('comes again and again, at the same places in both engines, and not from user code that is excluded', async () => {
    const machine = await MachineHarness.run(
      `${on} ${set('pmevtyper0_el0', EXCLUDE_EL0 + INST_RETIRED)} ${set('pmintenset_el1', 1)} ${set('pmevcntr0_el0', 0xffff_ff00)} ${go(1)}
       ${loop(1000)} ${goToEl0()} user: ${loop(1000)} over: ${BACK_TO_EL1} msr daifclr, #2\n ${loop(1000)} ${stop}`,
      { vectors: { 0x280: handler(0xffff_ff00), 0x480: handler(0xffff_ff00) } },
    );
    machine.expectEnd();
    const places = machine.log.filter((_, n) => n % 2 === 1);
    expect(places.length).toBeGreaterThan(10);
    expect(places.length).toBeLessThan(20);
    const inUser = (place: bigint): boolean => place > machine.label('user') && place < machine.label('over');
    expect(places.filter(inUser)).toEqual([]);
  });

  it('is the level of overflow, enable and PMCR_EL0.E together', async () => {
    const pending = `ldr w1, [x22, #0x200]\n lsr w1, w1, #${INTERRUPT}\n and w1, w1, #1\n${log(1)}`;
    const machine = await MachineHarness.run(
      `${gicOn()} ${pending} ${set('pmovsset_el0', CYCLES)} ${pending} ${set('pmintenset_el1', CYCLES)} ${pending} ${set('pmcr_el0', 1)} ${pending}
       ${stop} ${pending} ${set('pmcr_el0', 1)} ${set('pmintenclr_el1', CYCLES)} ${pending} ${set('pmintenset_el1', CYCLES)} ${pending}
       ${set('pmovsclr_el0', CYCLES)} ${pending}`,
    );
    expect(logged(machine)).toEqual([0, 0, 0, 1, 0, 0, 1, 0]);
  });

  it('wakes no vCPU that waits: what waits counts nothing', async () => {
    const machine = await MachineHarness.boot(
      `${on} ${set('pmevtyper0_el0', CPU_CYCLES)} ${set('pmintenset_el1', 1)} ${set('pmevcntr0_el0', 0xffff_ff00)} ${go(1)} wfi\n`,
    );
    machine.run();
    expect([machine.lastStep?.kind, machine.vcpus[0]?.hasWork()]).toEqual(['idle', false]);
  });

  it('comes at the same place after a restore', async () => {
    const boot = (): Promise<MachineHarness> =>
      MachineHarness.boot(
        `${on} ${set('pmevtyper0_el0', INST_RETIRED)} ${set('pmevtyper1_el0', CHAIN)} ${set('pmintenset_el1', 3)} ${set('pmevcntr0_el0', 0xffff_f000)} ${go(3)}
         ${loop(3000)} ${read('pmevcntr0_el0')} ${read('pmevcntr1_el0')} ${stop}`,
        { vectors: { 0x280: handler(0x100) } },
      );
    const [whole, first, second] = [await boot(), await boot(), await boot()];
    whole.run().expectEnd();
    first.vm.step(2000);
    expect(first.log).toEqual([]);
    second.vm.guestMemory.view(CODE, RAM_BYTES).set(first.vm.guestMemory.view(CODE, RAM_BYTES));
    second.vm.machine.restore(JSON.parse(JSON.stringify(first.vm.machine.save())) as MachineSnapshot);
    const [gic] = first.vm.vdevs;
    const saved = gic?.run('save', (vdev) => vdev.save());
    second.vm.vdevs[0]?.run('restore', (vdev) => vdev.restore(saved as never));
    second.run().expectEnd();
    expect(second.log).toEqual(whole.log);
    expect(second.log).toHaveLength(4);
  });
});
