import type { UnsupportedKind, UnsupportedPolicy } from '@qvm/core/architecture';
import { BACK_TO_EL1, MachineHarness, POWER_OFF, TABLES, esr, goToEl0, log } from './machine-harness.test.helper.js';
import { mapCode, mmuOn, PageTables, tcr } from './page-tables.test.helper.js';

const NOWHERE = 0x1000_0000;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const UNSUPPORTED = 5;
/** External abort of a data access at EL1, not on a walk. */
const READ_ABORT = esr(0x25, 0x10);
const WRITE_ABORT = esr(0x25, 0x50);
const UNDEFINED = esr(0, 0);

const run = (kind: UnsupportedKind, policy: UnsupportedPolicy | undefined, program: string): Promise<MachineHarness> =>
  MachineHarness.run(program, policy === undefined ? {} : { unsupported: { [kind]: policy } });

/** An encoding that is not allocated, an unknown register that is read and written, an access to nowhere. */
const CASES = {
  instruction: { program: `at: .word 0xffffffff\n mov x1, #5\n ${log(1)}`, syndromes: [UNDEFINED], logged: [5n] },
  reference: {
    program: `ldr x2, =${NOWHERE}\n mov x1, #5\n at: ldr x1, [x2]\n str x1, [x2, #8]\n ${log(1)}`,
    syndromes: [READ_ABORT, WRITE_ABORT],
    logged: [ALL_ONES],
  },
  register: {
    program: `mov x1, #5\n at: mrs x1, s3_1_c15_c2_7\n msr s3_1_c15_c2_7, x1\n ${log(1)}`,
    syndromes: [UNDEFINED, UNDEFINED],
    logged: [ALL_ONES],
  },
} as const;
const KINDS = Object.keys(CASES) as readonly UnsupportedKind[];

describe('what a VM does not support', () => {
  it.each(KINDS)('%s: raises an exception when nothing else is said', async (kind) => {
    for (const policy of [undefined, 'fail'] as const) {
      const machine = await run(kind, policy, CASES[kind].program);
      machine.expectEnd();
      expect(machine.exceptions.map((taken) => taken.esr)).toEqual(CASES[kind].syndromes);
      expect(machine.log).toEqual([5n]);
    }
  });

  it.each(KINDS)('%s: can be ignored, and what is read is ones', async (kind) => {
    const machine = await run(kind, 'ignore', CASES[kind].program);
    machine.expectEnd();
    expect(machine.exceptions).toEqual([]);
    expect(machine.log).toEqual(CASES[kind].logged);
  });

  it.each(KINDS)('%s: can end the VM at the instruction', async (kind) => {
    const machine = await run(kind, 'abort', CASES[kind].program);
    expect(machine.exit).toMatchObject({ exitCode: UNSUPPORTED });
    expect(machine.exit?.reason).toContain(`unsupported ${kind} at 0x${machine.label('at').toString(16)}`);
    expect(machine.exceptions).toEqual([]);
    expect(machine.log).toEqual([]);
    expect(machine.vcpus[0]?.pc).toBe(machine.label('at'));
    expect(machine.vm.state).toBe('failed');
  });

  it('a policy is for its kind alone', async () => {
    const all = Object.values(CASES).map(({ program }) => program.replace('at:', ''));
    const machine = await run('register', 'ignore', all.join('\n'));
    machine.expectEnd();
    expect(machine.exceptions.map((taken) => taken.esr)).toEqual([
      ...CASES.instruction.syndromes,
      ...CASES.reference.syndromes,
    ]);
  });

  it('ignored reads fill each width with ones', async () => {
    const widths = ['ldrb w1', 'ldrh w1', 'ldr w1', 'ldr x1', 'ldrsb x1'];
    const machine = await run(
      'reference',
      'ignore',
      `ldr x2, =${NOWHERE}\n ${widths.map((load) => `${load}, [x2]\n ${log(1)}`).join('')}
      ldp x3, x4, [x2]\n ${log(3)} ${log(4)} ldadd x2, x5, [x2]\n ${log(5)}`,
    );
    machine.expectEnd();
    const ones = [0xffn, 0xffffn, 0xffff_ffffn, ALL_ONES, ALL_ONES, ALL_ONES, ALL_ONES, ALL_ONES];
    expect(machine.log).toEqual(ones);
  });

  it('a long row of ignored instructions is no fault loop', async () => {
    const machine = await run('instruction', 'ignore', `${'.word 0xffffffff\n'.repeat(1500)} mov x1, #1\n ${log(1)}`);
    machine.expectEnd();
    expect(machine.log).toEqual([1n]);
  });

  it('UDF is undefined whatever the policy', async () => {
    for (const policy of ['ignore', 'abort'] as const) {
      const machine = await run('instruction', policy, '.word 7\n');
      machine.expectEnd();
      expect(machine.exceptions.map((taken) => taken.esr)).toEqual([UNDEFINED]);
    }
  });

  it('a register that EL0 may not use stays undefined there', async () => {
    for (const policy of ['ignore', 'abort'] as const) {
      const machine = await run('register', policy, `${goToEl0()} mrs x1, sctlr_el1\n ${BACK_TO_EL1}`);
      machine.expectEnd();
      expect(machine.exceptions.map((taken) => taken.esr)).toEqual([UNDEFINED]);
    }
  });

  it('code that is nowhere ends the VM under abort, and cannot be ignored', async () => {
    const program = `adr x30, back\n ldr x2, =${NOWHERE}\n br x2\n back: nop`;
    const aborted = await run('reference', 'abort', program);
    expect(aborted.exit).toMatchObject({ exitCode: UNSUPPORTED });
    expect(aborted.vcpus[0]?.pc).toBe(BigInt(NOWHERE));
    expect(aborted.exit?.reason).toMatch(
      /at 0x10000000: no instruction can be fetched: nothing is at guest-physical 0x10000000$/,
    );
    const ignored = await run('reference', 'ignore', program);
    ignored.expectEnd();
    expect(ignored.exceptions.map((taken) => taken.esr)).toEqual([esr(0x21, 0x10)]);
  });

  it('a write to ROM is reported: with the instruction, the address and what is there, once', async () => {
    const memory = [{ base: 0, size: 0x1_0000, kind: 'rom', name: 'flash' }] as const;
    const program = `mov x2, #0x2000\n mov w1, #0xf0\n at: strb w1, [x2, #0x55]\n strb w1, [x2]\n ldrb w1, [x2]\n ${log(1)}`;
    const messages: string[] = [];
    const failed = await MachineHarness.boot(program, {
      memory,
      log: (level, text) => messages.push(`${level}: ${text}`),
    });
    failed.run().expectEnd();
    expect(failed.exceptions.map((taken) => taken.esr)).toEqual([WRITE_ABORT, WRITE_ABORT]);
    expect(failed.log).toEqual([0n]);
    const what = 'strb w1, [x2, #85] (.inst 0x39015441) writes 0x2055: guest-physical 0x2055 is ROM (flash)';
    const at = `0x${failed.label('at').toString(16)}`;
    expect(messages.filter((message) => message.startsWith('warn'))).toEqual([
      `warn: vCPU 0 writes to ROM, at ${at}, EL1: ${what}. It takes an external abort, as for each such write, of which this is the only one reported.`,
    ]);
    const ended = await MachineHarness.run(program, { memory, unsupported: { reference: 'abort' } });
    expect(ended.exit).toMatchObject({
      exitCode: UNSUPPORTED,
      reason: `vCPU 0 met an unsupported reference at ${at}: ${what}`,
    });
  });

  it("the guest's own page faults are no matter of policies", async () => {
    const machine = await MachineHarness.boot(
      `${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr() })} ldr x1, =0x70000000\n ldr x2, [x1]\n ${POWER_OFF}`,
      { unsupported: { reference: 'abort' } },
    );
    mapCode(new PageTables(machine));
    machine.run().expectEnd();
    expect(machine.exceptions.map((taken) => taken.esr >>> 26)).toEqual([0x25]);
  });

  it('a tap comes before the policy', async () => {
    const machine = await MachineHarness.run(
      `${CASES.instruction.program}\n ${CASES.reference.program.replace('at:', '')}`,
      {
        unsupported: { instruction: 'abort', reference: 'abort' },
        prepare: (m) => {
          m.vcpus[0]?.hooks.trap.for('undefined').tap('test', () => 'handled');
          m.vm.hooks.unmappedAccess.tap('test', () => 9n);
        },
      },
    );
    machine.expectEnd();
    expect(machine.log).toEqual([5n, 0x9_0000_0009n]);
  });
});
