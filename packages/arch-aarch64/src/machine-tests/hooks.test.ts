import { createVcpuHooks } from '@qvm/core/architecture';
import { createVmHooks } from '@qvm/core/host';
import type { HypercallEvent, MemoryFaultEvent, TrapEvent, UnmappedAccessEvent } from '@qvm/core/hooks';
import type { PluginVm } from '@qvm/core';
import { aarch64 } from '../architecture.js';
import {
  BACK_TO_EL1,
  DATA,
  MachineHarness,
  TABLES,
  esr,
  goToEl0,
  log,
  svcSyndrome,
} from './machine-harness.test.helper.js';
import { DEBUG_PORT, Port } from './debug-port.test.helper.js';
import { KERNEL, PageTables, SHARED_CODE, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

const NOWHERE = 0x1000_0000;

function watchTraps(
  machine: MachineHarness,
  kind: string,
  answer?: 'handled',
  also?: (event: TrapEvent) => void,
): TrapEvent[] {
  const seen: TrapEvent[] = [];
  machine.vcpus[0]?.hooks.trap.for(kind).tap('test', (event) => {
    seen.push({ ...event });
    also?.(event);
    return answer;
  });
  return seen;
}

describe('hooks', () => {
  it('fire, every one of a VM and of a vCPU', async () => {
    const fired = new Set<string>();
    type AnyHooks = Readonly<Record<string, { tap?(name: string, tap: () => undefined): void }>>;
    const watch = (owner: string, hooks: object): void => {
      for (const [name, hook] of Object.entries(hooks as AnyHooks)) {
        hook.tap?.('test', () => void fired.add(`${owner}.${name}`));
      }
    };
    const plugin = {
      name: 'test',
      apply: ({ hooks }: PluginVm): void => {
        watch('Vm', hooks);
        hooks.vcpuCreated.tap('test', ({ hooks: own, kinds }) => {
          watch('Vcpu', own);
          for (const kind of Object.keys(kinds.trap)) {
            own.trap.for(kind).tap('test', () => (fired.add('Vcpu.trap'), undefined));
          }
        });
      },
    };
    const timer = 'mov x1, #100\n msr cntv_tval_el0, x1\n mov x1, #1\n msr cntv_ctl_el0, x1\n';
    const line = `ldr x1, =${DEBUG_PORT}\n mov w2, #1\n str w2, [x1, #${Port.Line}]\n str wzr, [x1, #${Port.Line}]\n`;
    const loop = 'mov x3, #2000\n 1: subs x3, x3, #1\n b.ne 1b\n';
    const fault = `ldr x1, =${NOWHERE}\n ldr w2, [x1]\n`;
    const reset = 'ldr x0, =0x84000009\n hvc #0\n';
    const fail = `ldr x1, =${DEBUG_PORT}\n str w1, [x1, #${Port.Fail}]\n`;
    for (const source of [`${timer} ${line} ${loop} ${fault} svc #1`, reset, fail, 'b .']) {
      const machine = await MachineHarness.boot(`msr daifclr, #2\n ${source}`, { plugins: [plugin] });
      machine.vcpus[0]?.setIrq(true);
      machine.onException = (_, vcpu) => vcpu.setIrq(false);
      machine.run(10_000);
      if (machine.exit === undefined) machine.vm.stop(1);
      await machine.vm.close();
    }
    const names = (owner: string, hooks: object): string[] => Object.keys(hooks).map((name) => `${owner}.${name}`);
    const all = [...names('Vm', createVmHooks('test')), ...names('Vcpu', createVcpuHooks(0, aarch64.hookKinds))];
    expect([...fired].sort()).toEqual(all.sort());
  });
});

describe('trap hooks', () => {
  it.each([
    ['svc', 'svc #7', svcSyndrome(7), 7],
    ['breakpoint', 'brk #9', esr(0x3c, 9), 9],
    ['undefined', 'hlt #1', esr(0, 0), undefined],
    ['undefined', '.word 0xffffffff', esr(0, 0), undefined],
  ] as const)('%s: seen, then handled: %s', async (kind, instruction, syndrome, immediate) => {
    let seen: TrapEvent[] = [];
    const program = `at: ${instruction}\n mov x1, #5\n ${log(1)}`;
    const watched = await MachineHarness.run(program, { prepare: (m) => (seen = watchTraps(m, kind)) });
    watched.expectEnd();
    expect(watched.exceptions.map((taken) => taken.esr)).toEqual([syndrome]);
    expect(
      seen.map((event) => ({ kind: event.kind, syndrome: event.syndrome, pc: event.pc, immediate: event.immediate })),
    ).toEqual([{ kind, syndrome, pc: watched.label('at'), immediate }]);
    const handled = await MachineHarness.run(program, { prepare: (m) => (seen = watchTraps(m, kind, 'handled')) });
    handled.expectEnd();
    expect(handled.exceptions).toEqual([]);
    expect(handled.log).toEqual([5n]);
    expect(seen).toHaveLength(1);
  });

  it('system register traps can be answered', async () => {
    const machine = await MachineHarness.run(`${goToEl0()} mrs x1, ctr_el0\n ${BACK_TO_EL1} ${log(1)}`, {
      prepare: (m) => watchTraps(m, 'systemRegister', 'handled', () => m.vcpus[0]?.state.setX(1, 0x77n)),
    });
    machine.expectEnd();
    expect(machine.log).toEqual([0x77n]);
    expect(machine.exceptions).toEqual([]);
  });

  it('undefined instructions come with their text', async () => {
    let seen: TrapEvent[] = [];
    await MachineHarness.run('hlt #1', { prepare: (m) => (seen = watchTraps(m, 'undefined')) });
    expect(seen[0]?.disassembly).toMatch(/hlt/);
  });
});

describe('hypercall hook', () => {
  it('answers before the firmware, with at most four registers', async () => {
    const seen: HypercallEvent[] = [];
    const machine = await MachineHarness.run(
      `ldr x0, =0xc6000001\n mov x1, #11\n mov x6, #16\n smc #3\n ${log(0)} ${log(3)} ${log(4)} ldr x0, =0x84000000\n hvc #0\n ${log(0)}`,
      {
        prepare: (m) =>
          m.vcpus[0]?.hooks.hypercall.tap('test', (event) => {
            if (event.functionId !== 0xc600_0001) return undefined;
            seen.push({ ...event });
            return [-2n, 1n, 2n, 3n, 4n, 5n];
          }),
      },
    );
    machine.expectEnd();
    expect(seen.map(({ conduit, immediate, functionId, args }) => ({ conduit, immediate, functionId, args }))).toEqual([
      { conduit: 'smc', immediate: 3, functionId: 0xc600_0001, args: [11n, 0n, 0n, 0n, 0n, 16n] },
    ]);
    expect(machine.log).toEqual([0xffff_ffff_ffff_fffen, 3n, 0n, 0x1_0001n]);
  });
});

describe('memory fault hook', () => {
  const VA = 0x80_8060_3000n;

  it('maps pages on demand', async () => {
    const seen: MemoryFaultEvent[] = [];
    let tables: PageTables | undefined;
    const machine = await MachineHarness.boot(
      `${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) })} ldr x1, =${VA}\n mov x2, #3\n at: str x2, [x1, #8]\n ldr x3, [x1, #8]\n ${log(3)} ldr x1, =${VA + 0x1000n}\n blr x1\n ${log(5)}`,
      {
        prepare: (m) =>
          m.vcpus[0]?.hooks.memoryFault.tap('test', (event) => {
            seen.push({ ...event });
            const page = event.address & ~0xfffn;
            tables?.map(page, DATA + Number(page - VA), 3, KERNEL);
            return 'handled';
          }),
      },
    );
    tables = new PageTables(machine);
    mapCode(tables);
    tables.entry(VA, 3);
    machine.place(DATA + 0x1000, 'mov x5, #55\n ret');
    machine.run().expectEnd();
    expect(machine.exceptions).toEqual([]);
    expect(machine.log).toEqual([3n, 55n]);
    expect(seen.map(({ stage, access, address, syndrome }) => ({ stage, access, address, syndrome }))).toEqual([
      { stage: 1, access: 'write', address: VA + 8n, syndrome: esr(0x25, 0x47) },
      { stage: 1, access: 'execute', address: VA + 0x1000n, syndrome: esr(0x21, 0x07) },
    ]);
    expect(seen[0]?.pc).toBe(machine.label('at'));
  });

  it.each([
    ['BLR by X30', 'blr x30', 0x21],
    ['ERET to EL0', 'msr elr_el1, x30\n msr spsr_el1, xzr\n eret', 0x20],
  ])('goes on at the page that was missing, after %s', async (_, jump, ec) => {
    let tables: PageTables | undefined;
    const faults: number[] = [];
    const machine = await MachineHarness.boot(
      `${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) })} ldr x30, =${VA}\n ${jump}`,
      {
        prepare: (m) =>
          m.vcpus[0]?.hooks.memoryFault.tap('test', ({ address, syndrome }) => {
            faults.push(syndrome >>> 26);
            tables?.map(address & ~0xfffn, DATA, 3, SHARED_CODE);
            return 'handled';
          }),
      },
    );
    tables = new PageTables(machine);
    mapCode(tables);
    tables.entry(VA, 3);
    machine.place(DATA, 'mov x5, #55\n svc #1\n b .');
    machine.run(10_000);
    expect(faults).toEqual([ec]);
    expect(machine.exceptions.map((taken) => taken.esr)).toEqual([svcSyndrome(1)]);
    expect(machine.x(5)).toBe(55n);
  });

  it('that handles without help ends the VM instead of hanging', async () => {
    const machine = await MachineHarness.run(`ldr x1, =${NOWHERE}\n ldr x2, [x1]`, {
      prepare: (m) => m.vcpus[0]?.hooks.memoryFault.tap('test', () => 'handled'),
    });
    expect(machine.exit).toEqual(expect.objectContaining({ exitCode: 5 }));
  });
});

describe('unmapped accesses', () => {
  const tap =
    (seen: UnmappedAccessEvent[], answer: (event: UnmappedAccessEvent) => bigint | undefined) =>
    (m: MachineHarness): void => {
      m.vm.hooks.unmappedAccess.tap('test', (event) => {
        seen.push({ ...event });
        return answer(event);
      });
    };
  const program = `ldr x1, =${NOWHERE}\n mov w2, #0x12\n ldr w3, [x1, #4]\n ${log(3)} strb w2, [x1, #9]\n str w2, [x1], #4\n ${log(1)}`;

  it('are answered by taps', async () => {
    const seen: UnmappedAccessEvent[] = [];
    const machine = await MachineHarness.run(program, { prepare: tap(seen, () => 0xabcdn) });
    machine.expectEnd();
    expect(machine.exceptions).toEqual([]);
    expect(machine.log).toEqual([0xabcdn, BigInt(NOWHERE + 4)]);
    expect(seen.map(({ address, width, access, value }) => ({ address, width, access, value }))).toEqual([
      { address: NOWHERE + 4, width: 4, access: 'read', value: undefined },
      { address: NOWHERE + 9, width: 1, access: 'write', value: 0x12 },
      { address: NOWHERE, width: 4, access: 'write', value: 0x12 },
    ]);
  });

  it('are external aborts when taps decline, at the instruction that made them', async () => {
    const seen: UnmappedAccessEvent[] = [];
    const machine = await MachineHarness.run(`ldr x1, =${NOWHERE}\n read: ldr w3, [x1]\n write: str w2, [x1]\n nop`, {
      prepare: tap(seen, () => undefined),
    });
    machine.expectEnd();
    expect(seen).toHaveLength(2);
    expect(machine.exceptions.map(({ esr: e, far, elr }) => [e, far, elr])).toEqual([
      [esr(0x25, 0x10), BigInt(NOWHERE), machine.label('read')],
      [esr(0x25, 0x50), BigInt(NOWHERE), machine.label('write')],
    ]);
  });

  it('reach the memory fault hook as stage 2, with the physical address', async () => {
    const seen: MemoryFaultEvent[] = [];
    const machine = await MachineHarness.run(`ldr x1, =${NOWHERE}\n ldr w3, [x1]`, {
      prepare: (m) =>
        m.vcpus[0]?.hooks.memoryFault.tap('test', (event) => {
          seen.push({ ...event });
          return undefined;
        }),
    });
    machine.expectEnd();
    expect(seen.map(({ stage, physical, access }) => ({ stage, physical, access }))).toEqual([
      { stage: 2, physical: NOWHERE, access: 'read' },
    ]);
  });
});

describe('guest exits', () => {
  it('name their causes, and entrances follow them', async () => {
    const events: string[] = [];
    const machine = await MachineHarness.run(
      `ldr x1, =${DEBUG_PORT}\n str w1, [x1]\n mrs x2, cntvct_el0\n hvc #0x101\n wfi`,
      {
        prepare: (m) => {
          m.vcpus[0]?.hooks.guestExit.tap('test', ({ cause, vdev }) => void events.push(`<${cause} ${vdev ?? ''}`));
          m.vcpus[0]?.hooks.guestEntrance.tap('test', ({ cause }) => void events.push(`>${cause}`));
        },
      },
    );
    expect(machine.lastStep).toEqual(expect.objectContaining({ kind: 'idle' }));
    const interesting = events.filter((event) => !event.includes('sysreg'));
    expect(interesting.slice(0, 5)).toEqual(['<mmio debug-port-0', '>mmio', '<hypercall ', '>hypercall', '<wfi ']);
    expect(events.filter((event) => event.startsWith('<sysreg')).length).toBeGreaterThan(0);
  });

  it('interrupts are announced before they are taken', async () => {
    const pcs: bigint[] = [];
    const machine = await MachineHarness.boot('msr daifclr, #2\n target: nop\n nop', {
      vectors: { 0x280: 'hvc #0x205\n eret' },
      prepare: (m) =>
        m.vcpus[0]?.hooks.interruptTaken.tap('test', ({ kind, pc }) => {
          pcs.push(pc);
          expect(kind).toBe('irq');
        }),
    });
    machine.vcpus[0]?.setIrq(true);
    machine.onException = (_, vcpu) => vcpu.setIrq(false);
    machine.run().expectEnd();
    expect(pcs).toEqual([machine.label('target')]);
  });

  it('a tap that throws ends the VM with exit code 7', async () => {
    const machine = await MachineHarness.run('svc #1', {
      prepare: (m) =>
        m.vcpus[0]?.hooks.trap.for('svc').tap('test', () => {
          throw new Error('no');
        }),
    });
    expect(machine.exit).toEqual(expect.objectContaining({ exitCode: 7 }));
  });
});
