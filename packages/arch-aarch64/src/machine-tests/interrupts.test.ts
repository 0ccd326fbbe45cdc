import { enablePrivate, gicOn as gicOnly } from './gic-on.test.helper.js';
import { BACK_TO_EL1, DATA, MachineHarness, goToEl0, log } from './machine-harness.test.helper.js';
import { DEBUG_INTERRUPT, DEBUG_PORT, Port } from './debug-port.test.helper.js';

const VIRTUAL_TIMER = 27;
const PHYSICAL_TIMER = 30;

/** {@link gicOnly}, and X23: debug port. */
const gicOn = (vcpu = 0): string => `${gicOnly(vcpu)} ldr x23, =${DEBUG_PORT}\n`;
/** Enables the debug port's interrupt with a priority. */
const enableSpi = (priority = 0x80): string =>
  `mov w21, #${priority}\n strb w21, [x20, #${0x400 + DEBUG_INTERRUPT}]\n mov w21, #${1 << (DEBUG_INTERRUPT - 32)}\n str w21, [x20, #0x104]\n`;
const line = (level: number): string => `mov w21, #${level}\n str w21, [x23, #${Port.Line}]\n`;
const pulse = `str wzr, [x23, #${Port.Pulse}]\n`;
const sgi = (number: number, targets: number): string =>
  `ldr x21, =${(number << 24) | targets}\n msr icc_sgi1r_el1, x21\n isb\n`;
const acknowledge = `mrs x10, icc_iar1_el1\n ${log(10)}`;
const end = 'msr icc_eoir1_el1, x10\n eret\n';
const unmask = 'msr daifclr, #2\n nop\n';

const logged = (machine: MachineHarness): number[] => machine.log.map(Number);

describe('GIC', () => {
  it('a level interrupt is taken once when its handler lowers the line', async () => {
    const machine = await MachineHarness.run(
      `${gicOn()} ${enableSpi()} ${unmask} ${line(1)} nop\n mrs x1, icc_iar1_el1\n ${log(1)}`,
      { vectors: { 0x280: `${acknowledge} ${line(0)} ${end}` } },
    );
    machine.expectEnd();
    expect(logged(machine)).toEqual([DEBUG_INTERRUPT, 1023]);
  });

  it('and again while the line stays high', async () => {
    const machine = await MachineHarness.run(`${gicOn()} ${enableSpi()} mov x11, #3\n ${unmask} ${line(1)} nop\n`, {
      vectors: { 0x280: `${acknowledge} subs x11, x11, #1\n b.ne 1f\n ${line(0)} 1: ${end}` },
    });
    machine.expectEnd();
    expect(logged(machine)).toEqual([DEBUG_INTERRUPT, DEBUG_INTERRUPT, DEBUG_INTERRUPT]);
  });

  it('an edge is kept while it is masked, and only one', async () => {
    const machine = await MachineHarness.run(
      `${gicOn()} mov w21, #0x20000\n str w21, [x20, #0xc08]\n ${enableSpi()} ${pulse} ${pulse} ${unmask} msr daifset, #2\n ${pulse} ${unmask} nop\n`,
      { vectors: { 0x280: `${acknowledge} ${end}` } },
    );
    machine.expectEnd();
    expect(logged(machine)).toEqual([DEBUG_INTERRUPT, DEBUG_INTERRUPT]);
  });

  it.each([
    ['a higher priority preempts', 0x40, [DEBUG_INTERRUPT, 3, 0x40, 100]],
    ['the same priority does not', 0x80, [DEBUG_INTERRUPT, 100, 3, 0x80]],
  ] as const)('%s', async (_, priority, expected) => {
    const outer = `${line(0)} mrs x16, elr_el1\n mrs x17, spsr_el1\n ${sgi(3, 1)} ${unmask} msr daifset, #2\n msr elr_el1, x16\n msr spsr_el1, x17\n mov x12, #100\n ${log(12)} mov x10, #${DEBUG_INTERRUPT}\n ${end}`;
    const machine = await MachineHarness.run(
      `b start\n outer: ${outer} start: ${gicOn()} ${enableSpi(0x80)} ${enablePrivate(3, priority)} ${unmask} ${line(1)} nop\n nop\n`,
      {
        vectors: { 0x280: `${acknowledge} cmp x10, #3\n b.ne outer\n mrs x11, icc_rpr_el1\n ${log(11)} ${end}` },
      },
    );
    machine.expectEnd();
    expect(logged(machine)).toEqual(expected);
  });

  it('the priority mask and the running priority hold interrupts back', async () => {
    const machine = await MachineHarness.run(
      `${gicOn()} ${enableSpi(0x80)} mov x21, #0x80\n msr icc_pmr_el1, x21\n ${unmask} ${line(1)} nop\n mov x1, #1\n ${log(1)} mov x21, #0x88\n msr icc_pmr_el1, x21\n nop\n`,
      {
        vectors: { 0x280: `${acknowledge} mrs x11, icc_rpr_el1\n ${log(11)} ${line(0)} ${end}` },
      },
    );
    machine.expectEnd();
    expect(logged(machine)).toEqual([1, DEBUG_INTERRUPT, 0x80]);
  });

  it('EOImode 1 leaves an interrupt active until ICC_DIR_EL1', async () => {
    const machine = await MachineHarness.run(
      `${gicOn()} mov x21, #2\n msr icc_ctlr_el1, x21\n ${enableSpi()} ${unmask} ${line(1)} nop\n mrs x1, icc_rpr_el1\n ${log(1)} ldr w1, [x20, #0x304]\n ${log(1)} ${line(0)} mov x21, #${DEBUG_INTERRUPT}\n msr icc_dir_el1, x21\n ldr w1, [x20, #0x304]\n ${log(1)}`,
      { vectors: { 0x280: `${acknowledge} ${end}` } },
    );
    machine.expectEnd();
    expect(logged(machine)).toEqual([DEBUG_INTERRUPT, 0xff, 1 << 8, 0]);
  });

  it('group 0 is signalled as FIQ', async () => {
    const machine = await MachineHarness.run(
      `${gicOn()} mov w21, #0x13\n str w21, [x20]\n str wzr, [x20, #0x84]\n mov x21, #1\n msr icc_igrpen0_el1, x21\n ${enableSpi()} msr daifclr, #3\n ${line(1)} nop\n`,
      {
        vectors: {
          0x300: `mrs x10, icc_iar0_el1\n ${log(10)} ${line(0)} msr icc_eoir0_el1, x10\n eret\n`,
          0x280: 'b .\n',
        },
      },
    );
    machine.expectEnd();
    expect(logged(machine)).toEqual([DEBUG_INTERRUPT]);
  });

  it('SGIs go from vCPU to vCPU and end WFI', async () => {
    const machine = await MachineHarness.run(
      `
      adr x2, second
      ldr x0, =0xc4000003
      mov x1, #1
      hvc #0
      ${gicOn()} ${enablePrivate(6)}
      ldr x9, =${DATA}
      1: ldr x8, [x9]
      cbz x8, 1b
      ${sgi(5, 2)}
      mov x14, #0
      ${unmask}
      2: wfi
      cbz x14, 2b
      b finished
      second: adr x0, vectors
      msr vbar_el1, x0
      ${gicOn(1)} ${enablePrivate(5)}
      mov x14, #0
      msr daifclr, #2
      ldr x9, =${DATA}
      mov x8, #1
      str x8, [x9]
      3: wfi
      cbz x14, 3b
      ${sgi(6, 1)}
      b .
      finished: nop`,
      { vcpus: 2, vectors: { 0x280: `${acknowledge} mov x14, #1\n ${end}` } },
    );
    machine.expectEnd();
    expect(logged(machine)).toEqual([5, 6]);
  });
});

describe('generic timer', () => {
  it.each([
    ['virtual', 'cntv', VIRTUAL_TIMER],
    ['physical', 'cntp', PHYSICAL_TIMER],
  ] as const)('%s: ends WFI at its time', async (_, name, number) => {
    const counter = name === 'cntv' ? 'cntvct_el0' : 'cntpct_el0';
    const machine = await MachineHarness.run(
      `
      ${gicOn()} ${enablePrivate(number)}
      mov x14, #0
      isb
      mrs x1, ${counter}
      ldr x2, =1000000
      msr ${name}_tval_el0, x2
      mov x3, #1
      msr ${name}_ctl_el0, x3
      ${unmask}
      1: wfi
      cbz x14, 1b
      isb
      mrs x4, ${counter}
      sub x4, x4, x1
      ${log(4)} ${log(15)}`,
      {
        vectors: { 0x280: `${acknowledge} mrs x15, ${name}_ctl_el0\n mov x14, #3\n msr ${name}_ctl_el0, x14\n ${end}` },
      },
    );
    machine.expectEnd();
    expect(machine.log[0]).toBe(BigInt(number));
    // 16 ns a tick: late by the instructions of the handler at most.
    expect(Number(machine.log[1])).toBeGreaterThanOrEqual(1_000_000);
    expect(Number(machine.log[1])).toBeLessThan(1_000_200);
    expect(machine.log[2]).toBe(5n);
  });

  it('interrupts code that does not wait', async () => {
    const machine = await MachineHarness.run(
      `${gicOn()} ${enablePrivate(VIRTUAL_TIMER)} mov x14, #0\n mov x2, #500\n msr cntv_tval_el0, x2\n mov x3, #1\n msr cntv_ctl_el0, x3\n ${unmask} 1: cbz x14, 1b\n`,
      {
        vectors: { 0x280: `${acknowledge} mov x14, #3\n msr cntv_ctl_el0, x14\n ${end}` },
      },
    );
    machine.expectEnd();
    expect(logged(machine)).toEqual([VIRTUAL_TIMER]);
    // 500 ticks of 16 ns at 10 ns an instruction.
    expect(machine.vm.instructions).toBeGreaterThan(790);
    expect(machine.vm.instructions).toBeLessThan(900);
  });

  it('a masked timer wakes nobody, a masked PSTATE.I does', async () => {
    const machine = await MachineHarness.run(
      `${gicOn()} ${enablePrivate(VIRTUAL_TIMER)} mov x2, #500\n msr cntv_tval_el0, x2\n mov x3, #1\n msr cntv_ctl_el0, x3\n wfi\n mov x1, #77\n ${log(1)} mov x3, #3\n msr cntv_ctl_el0, x3\n wfi\n`,
    );
    expect(logged(machine)).toEqual([77]);
    expect(machine.lastStep).toEqual({ kind: 'idle', until: undefined });
  });

  it('counts steadily', async () => {
    const machine = await MachineHarness.run(
      `mov x9, #200\n mrs x1, cntvct_el0\n 1: mrs x2, cntvct_el0\n cmp x2, x1\n b.lo bad\n mov x1, x2\n nop\n subs x9, x9, #1\n b.ne 1b\n mov x3, #1\n ${log(3)} b good\n bad: mov x3, #0\n ${log(3)} good: mrs x3, cntfrq_el0\n ${log(3)}`,
    );
    machine.expectEnd();
    expect(logged(machine)).toEqual([1, 62_500_000]);
  });

  it('EL0 has what CNTKCTL_EL1 gives', async () => {
    const code = `mrs x1, cntfrq_el0\n mrs x1, cntpct_el0\n mrs x1, cntvct_el0\n mrs x1, cntv_ctl_el0\n mrs x1, cntp_cval_el0\n msr cntp_tval_el0, x1\n`;
    const traps = async (control: number): Promise<number[]> => {
      const machine = await MachineHarness.run(
        `mov x0, #${control}\n msr cntkctl_el1, x0\n isb\n ${goToEl0()} start: ${code} ${BACK_TO_EL1}`,
      );
      machine.expectEnd();
      expect(machine.exceptions.every(({ esr: e }) => e >>> 26 === 0x18)).toBe(true);
      return machine.exceptions.map(({ elr }) => Number(elr - machine.label('start')) / 4);
    };
    expect(await traps(0)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await traps(1)).toEqual([2, 3, 4, 5]);
    expect(await traps(2)).toEqual([1, 3, 4, 5]);
    expect(await traps(0x100)).toEqual([0, 1, 2, 4, 5]);
    expect(await traps(0x303)).toEqual([]);
  });
});
