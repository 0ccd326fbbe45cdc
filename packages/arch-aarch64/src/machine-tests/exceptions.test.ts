import {
  BACK_TO_EL1,
  DATA,
  MachineHarness,
  POWER_OFF,
  esr,
  goToEl0,
  log,
  svcSyndrome,
} from './machine-harness.test.helper.js';
import type { Taken } from './machine-harness.test.helper.js';
import { SCTLR_OFF } from './page-tables.test.helper.js';

const FPEN = 'mov x0, #0x300000\n msr cpacr_el1, x0\n isb\n';
/** EL0 may use WFI, WFE, cache maintenance, CTR_EL0; SCTLR_EL1 = the MMU off and all of these allowed. */
const allowEl0 = `ldr x0, =${SCTLR_OFF}\n msr sctlr_el1, x0\n isb\n`;
const denyEl0 = `ldr x0, =${SCTLR_OFF & ~0x405_c200n}\n msr sctlr_el1, x0\n isb\n`;

const list = (machine: MachineHarness): unknown => machine.exceptions.map(({ vector, esr: e }) => [vector, e]);

/** The syndrome of a trapped MSR, MRS or system instruction. */
function systemTrap(op0: number, op1: number, CRn: number, CRm: number, op2: number, rt: number, read: number): number {
  return esr(0x18, (op0 << 20) | (op2 << 17) | (op1 << 14) | (CRn << 10) | (rt << 5) | (CRm << 1) | read);
}

describe('exception entry', () => {
  it('synchronous exceptions use the vectors of SP_EL0, SP_EL1 and the lower level', async () => {
    const machine = await MachineHarness.run(`
      first: svc #1
      msr spsel, #0
      second: svc #2
      msr spsel, #1
      ${goToEl0(0xf000_0000)}
      third: svc #0xffff
      ${BACK_TO_EL1}`);
    machine.expectEnd();
    const taken = (vector: number, e: number, label: string, spsr: number): Partial<Taken> => ({
      vector,
      esr: e,
      elr: machine.label(label) + 4n,
      spsr,
    });
    expect(machine.exceptions).toEqual([
      expect.objectContaining(taken(0x200, svcSyndrome(1), 'first', 0x3c5)),
      expect.objectContaining(taken(0x000, svcSyndrome(2), 'second', 0x3c4)),
      expect.objectContaining(taken(0x400, svcSyndrome(0xffff), 'third', 0xf000_0000)),
    ]);
  });

  it('sets SPSel and masks all interrupts, and ERET restores', async () => {
    const machine = await MachineHarness.run(
      `
      mov x1, #0x100
      mov sp, x1
      msr daifclr, #15
      msr spsel, #0
      mov x1, #0x200
      mov sp, x1
      ldr x1, =0xa0000000
      msr nzcv, x1
      svc #1
      mov x4, sp
      mrs x5, spsel
      mrs x6, daif
      mrs x7, nzcv
      ${log(1)} ${log(2)} ${log(3)} ${log(4)} ${log(5)} ${log(6)} ${log(7)}`,
      {
        vectors: { 0x000: 'mrs x1, spsel\n mrs x2, daif\n mov x3, sp\n msr nzcv, xzr\n eret' },
      },
    );
    machine.expectEnd();
    expect(machine.log).toEqual([1n, 0x3c0n, 0x100n, 0x200n, 0n, 0n, 0xa000_0000n]);
  });

  it.each([
    ['irq', 0x280, 0x480, 0x80],
    ['fiq', 0x300, 0x500, 0x100],
  ] as const)('%s has its vectors of all three sources', async (kind, el1h, el0, el1t) => {
    const machine = await MachineHarness.boot(`
      msr daifclr, #3
      nop
      msr spsel, #0
      nop
      msr spsel, #1
      nop
      msr daifset, #3
      ${goToEl0()}
      nop
      ${BACK_TO_EL1}`);
    const vcpu = machine.vcpus[0];
    const set = (level: boolean): void => (kind === 'irq' ? vcpu?.setIrq(level) : vcpu?.setFiq(level));
    machine.onException = (taken) => {
      expect(taken.vector & 0x180).not.toBe(0);
      set(false);
    };
    // Runs one instruction at a time, with the line high whenever the PC has moved on.
    for (let i = 0; i < 200 && machine.exit === undefined; i++) {
      const before = machine.exceptions.length;
      const { pstate = 0n, pc = 0n } = vcpu?.registers() ?? {};
      if ((pstate & 0xc0n) === 0n && machine.exceptions[before - 1]?.elr !== pc) set(true);
      const step = machine.vm.step(1);
      if (step.kind === 'ended') machine.exit = step.exit;
    }
    const seen = new Set(machine.exceptions.map(({ vector }) => vector));
    expect(seen).toEqual(new Set([el1h, el0, el1t]));
  });

  it('ignores the low bits of VBAR_EL1', async () => {
    const machine = await MachineHarness.run('mrs x0, vbar_el1\n orr x0, x0, #0x7f\n msr vbar_el1, x0\n svc #1');
    machine.expectEnd();
    expect(list(machine)).toEqual([[0x200, svcSyndrome(1)]]);
  });
});

describe('exception return', () => {
  it.each([
    ['EL2', 0x3c9],
    ['EL3', 0x3cd],
    ['EL0 with SP_EL1', 0x3c1],
    ['reserved M[1]', 0x3c6],
    ['AArch32', 0x3d0],
  ])('to %s is illegal', async (_, spsr) => {
    const machine = await MachineHarness.run(`
      adr x1, target
      msr elr_el1, x1
      ldr x1, =${0x6000_0000 | spsr}
      msr spsr_el1, x1
      eret
      nop
      target: mrs x2, currentel
      mrs x3, nzcv
      ${log(2)} ${log(3)}`);
    machine.expectEnd();
    expect(machine.exceptions).toEqual([
      { vcpu: 0, vector: 0x200, esr: esr(0x0e, 0), far: 0n, elr: machine.label('target'), spsr: 0x6010_03c5 },
    ]);
    expect(machine.log).toEqual([4n, 0x6000_0000n]);
  });

  it('takes PSTATE.IL from SPSR_EL1', async () => {
    const machine = await MachineHarness.run(
      `adr x1, target\n msr elr_el1, x1\n mov x1, #0x100000\n msr spsr_el1, x1\n eret\n target: nop\n ${BACK_TO_EL1}`,
    );
    machine.expectEnd();
    expect(machine.exceptions).toEqual([
      expect.objectContaining({ vector: 0x400, esr: esr(0x0e, 0), elr: machine.label('target'), spsr: 0x10_0000 }),
    ]);
  });

  it('with an illegal state a misaligned target faults as such first', async () => {
    const machine = await MachineHarness.run(
      'adr x30, there\n adr x1, there\n add x1, x1, #2\n msr elr_el1, x1\n ldr x1, =0x1003c5\n msr spsr_el1, x1\n eret\n there: nop',
    );
    machine.expectEnd();
    expect(list(machine)).toEqual([
      [0x200, esr(0x22, 0)],
      [0x200, esr(0x0e, 0)],
    ]);
  });

  it('is undefined at EL0', async () => {
    const machine = await MachineHarness.run(`${goToEl0()} eret\n ${BACK_TO_EL1}`);
    machine.expectEnd();
    expect(list(machine)).toEqual([[0x400, esr(0, 0)]]);
  });
});

describe('traps', () => {
  it('BRK, HLT, UDF, unallocated encodings, HVC and SMC at EL0', async () => {
    const machine = await MachineHarness.run(
      `brk #0x1234\n hlt #1\n .word 0\n .word 0xffffffff\n ${goToEl0()} brk #1\n hlt #1\n .word 0\n hvc #0\n smc #0\n ${BACK_TO_EL1}`,
    );
    machine.expectEnd();
    expect(list(machine)).toEqual([
      [0x200, esr(0x3c, 0x1234)],
      [0x200, esr(0, 0)],
      [0x200, esr(0, 0)],
      [0x200, esr(0, 0)],
      [0x400, esr(0x3c, 1)],
      [0x400, esr(0, 0)],
      [0x400, esr(0, 0)],
      [0x400, esr(0, 0)],
      [0x400, esr(0, 0)],
    ]);
  });

  it.each([
    [0, 2],
    [1, 1],
    [2, 2],
    [3, 0],
  ])('FP and SIMD by CPACR_EL1.FPEN = %i', async (fpen, traps) => {
    const code = '.word 0x1e622820\n mrs x2, fpcr\n';
    const machine = await MachineHarness.run(
      `mov x0, #${fpen << 20}\n msr cpacr_el1, x0\n isb\n ${code} ${goToEl0()} ${code} ${BACK_TO_EL1}`,
    );
    machine.expectEnd();
    const trapped = esr(0x07, 0x1e0_0000);
    const at = (vector: number): unknown[] => [
      [vector, trapped],
      [vector, trapped],
    ];
    expect(list(machine)).toEqual([...(traps === 2 ? at(0x200) : []), ...(traps >= 1 ? at(0x400) : [])]);
  });

  it('system registers of EL1 are undefined at EL0, as are those that do not exist', async () => {
    const machine = await MachineHarness.run(
      `${goToEl0()} mrs x1, sctlr_el1\n msr vbar_el1, x1\n mrs x1, s3_7_c15_c7_7\n msr spsel, #0\n msr ctr_el0, x1\n ${BACK_TO_EL1} mrs x1, s3_7_c15_c7_7\n msr midr_el1, x1\n mrs x1, oslar_el1`,
    );
    machine.expectEnd();
    expect(list(machine)).toEqual([
      ...new Array<unknown>(5).fill([0x400, esr(0, 0)]),
      ...new Array<unknown>(3).fill([0x200, esr(0, 0)]),
    ]);
  });

  it('EL0 accesses that EL1 has not enabled are trapped with the encoding', async () => {
    const code = `mrs x9, ctr_el0\n mrs x3, daif\n msr daif, x4\n msr daifset, #2\n msr daifclr, #5\n dc cvau, x5\n ic ivau, x6\n dc zva, x7\n mrs x1, dczid_el0\n wfi\n wfe\n`;
    const machine = await MachineHarness.run(
      `${denyEl0} ldr x5, =${DATA}\n mov x6, x5\n mov x7, x5\n ${goToEl0()} ${code} ${BACK_TO_EL1} ${log(1)}`,
    );
    machine.expectEnd();
    expect(list(machine)).toEqual(
      [
        systemTrap(3, 3, 0, 0, 1, 9, 1),
        systemTrap(3, 3, 4, 2, 1, 3, 1),
        systemTrap(3, 3, 4, 2, 1, 4, 0),
        systemTrap(0, 3, 4, 2, 6, 31, 0),
        systemTrap(0, 3, 4, 5, 7, 31, 0),
        systemTrap(1, 3, 7, 11, 1, 5, 0),
        systemTrap(1, 3, 7, 5, 1, 6, 0),
        systemTrap(1, 3, 7, 4, 1, 7, 0),
        esr(0x01, 0x1e0_0000),
        esr(0x01, 0x1e0_0001),
      ].map((e) => [0x400, e]),
    );
    // DCZID_EL0.DZP.
    expect(machine.log).toEqual([0x14n]);
  });

  it('and are not when it has', async () => {
    const machine = await MachineHarness.run(
      `${allowEl0} ldr x5, =${DATA}\n ${goToEl0()} mrs x9, ctr_el0\n dc cvau, x5\n ic ivau, x5\n mrs x1, dczid_el0\n wfe\n ${BACK_TO_EL1} ${log(1)}`,
    );
    machine.expectEnd();
    expect(list(machine)).toEqual([]);
    expect(machine.log).toEqual([4n]);
  });

  it('identification registers read as zero where they are reserved, and are read only', async () => {
    const machine = await MachineHarness.run(
      'mrs x1, s3_0_c0_c7_7\n mrs x2, s3_0_c0_c2_7\n mrs x3, id_aa64pfr0_el1\n msr s3_0_c0_c4_0, x1\n orr x1, x1, x2\n hvc #0x101',
    );
    machine.expectEnd();
    expect(machine.log).toEqual([0n]);
    expect(list(machine)).toEqual([[0x200, esr(0, 0)]]);
  });

  it('SP_EL0 is undefined while it is the stack pointer', async () => {
    const machine = await MachineHarness.run(
      'mov x1, #0x40\n msr sp_el0, x1\n mrs x2, sp_el0\n hvc #0x102\n msr spsel, #0\n mrs x2, sp_el0\n msr sp_el0, x2\n mov x2, sp\n msr spsel, #1\n hvc #0x102',
    );
    machine.expectEnd();
    expect(machine.log).toEqual([0x40n, 0x40n]);
    expect(list(machine)).toEqual([
      [0x000, esr(0, 0)],
      [0x000, esr(0, 0)],
    ]);
  });

  it('FP works when it is enabled at both levels', async () => {
    const machine = await MachineHarness.run(
      `${FPEN} mov x1, #0x4010000000000000\n .word 0x9e670020\n .word 0x1e602802\n .word 0x9e660042\n ${log(2)}`,
    );
    machine.expectEnd();
    expect(machine.log).toEqual([0x4020_0000_0000_0000n]);
  });

  it('cache maintenance by address faults like a write, marked as maintenance', async () => {
    const machine = await MachineHarness.run('ldr x1, =0x0000100000000000\n dc cvac, x1\n dc civac, x1\n dc ivac, x1');
    machine.expectEnd();
    expect(machine.exceptions.map(({ esr: e, far }) => [e, far])).toEqual(
      new Array(3).fill([esr(0x25, 0x140), 0x1000_0000_0000n]),
    );
  });
});

describe('software step', () => {
  const MDSCR_SS = 1;
  const MDSCR_KDE = 1 << 13;
  const SS = 1 << 21;
  const unlock = 'msr oslar_el1, xzr\n isb\n';
  const arm = (value: number): string => `mov x0, #${value}\n msr mdscr_el1, x0\n isb\n`;
  const step = esr(0x32, 0x100_0022);

  it('EL0 stops after each instruction', async () => {
    const machine = await MachineHarness.boot(`${unlock} ${arm(MDSCR_SS)} ${goToEl0(SS)}
      one: mov x1, #1
      two: mrs x2, tpidr_el0
      three: b four
      nop
      four: yield
      five: mrs x2, cntfrq_el0
      six: ldr x3, [x4]
      seven: svc #5
      eight: nop
      nine: nop
      ${BACK_TO_EL1}`);
    machine.vcpus[0]?.state.setX(4, BigInt(DATA));
    machine.onException = (taken, vcpu) => {
      if (taken.esr >>> 26 !== 0x32) return;
      const done = taken.elr === machine.label('nine');
      vcpu.state.setU64(spsrOffset(machine), BigInt(done ? 0 : SS));
      if (done) vcpu.state.setU64(mdscrOffset(machine), 0n);
    };
    machine.run().expectEnd();
    const steps = machine.exceptions.filter(({ esr: e }) => e >>> 26 === 0x32);
    expect(steps.map(({ elr }) => elr)).toEqual(
      ['two', 'three', 'four', 'five', 'seven', 'eight', 'nine'].map((label) => machine.label(label)),
    );
    expect(new Set(steps.map(({ vector, spsr }) => [vector, spsr].join()))).toEqual(new Set(['1024,0']));
    expect(steps.filter(({ elr }) => elr !== machine.label('eight')).every(({ esr: e }) => e === step)).toBe(true);
    // The trap of CNTFRQ_EL0 leaves the step to be done; SVC counts as done: what it saves has SS clear.
    expect(machine.exceptions.find(({ esr: e }) => e >>> 26 === 0x18)).toEqual(
      expect.objectContaining({ spsr: SS, elr: machine.label('five') }),
    );
    const svc = machine.exceptions.find(({ esr: e }) => e === svcSyndrome(5));
    expect(svc).toEqual(expect.objectContaining({ spsr: 0, elr: machine.label('eight') }));
  });

  it('a return with SS clear stops before the first instruction', async () => {
    const machine = await MachineHarness.boot(
      `${unlock} ${arm(MDSCR_SS)} ${goToEl0()} one: mov x1, #1\n ${BACK_TO_EL1}`,
    );
    machine.onException = (_, vcpu) => vcpu.state.setU64(mdscrOffset(machine), 0n);
    machine.run().expectEnd();
    expect(machine.exceptions).toEqual([
      expect.objectContaining({ vector: 0x400, esr: esr(0x32, 0x22), elr: machine.label('one') - 0n }),
    ]);
  });

  it('EL1 steps itself only with KDE and PSTATE.D clear', async () => {
    const enter = (spsr: number): string =>
      `adr x29, 96f\n msr elr_el1, x29\n ldr x29, =${spsr}\n msr spsr_el1, x29\n eret\n96:\n`;
    const machine = await MachineHarness.boot(
      `${unlock} ${arm(MDSCR_SS | MDSCR_KDE)} ${enter(0x3c5 | SS)} nop\n nop\n ${enter(0x1c5 | SS)} nop\n after: nop`,
    );
    machine.onException = (_, vcpu) => vcpu.state.setU64(mdscrOffset(machine), 0n);
    machine.run().expectEnd();
    expect(machine.exceptions).toEqual([
      expect.objectContaining({ vector: 0x200, esr: esr(0x33, 0x100_0022), elr: machine.label('after') }),
    ]);
  });

  it('does nothing while the OS lock is on', async () => {
    const machine = await MachineHarness.run(`${arm(MDSCR_SS)} ${goToEl0(SS)} nop\n ${BACK_TO_EL1}`);
    machine.expectEnd();
    expect(machine.exceptions).toEqual([]);
  });
});

const spsrOffset = (machine: MachineHarness): number => machine.offset('SPSR_EL1');
const mdscrOffset = (machine: MachineHarness): number => machine.offset('MDSCR_EL1');

describe('waiting', () => {
  it('WFI with nothing to wake it leaves the VM idle, at EL1 and where SCTLR_EL1.nTWI allows', async () => {
    const machine = await MachineHarness.run(`wfi\n ${POWER_OFF}`);
    expect(machine.lastStep).toEqual({ kind: 'idle', until: undefined });
    machine.vcpus[0]?.setIrq(true);
    machine.run().expectEnd();
  });

  it('WFE goes on after SEVL', async () => {
    (await MachineHarness.run('sevl\n wfe\n wfe')).expectEnd();
  });
});
