import type { Engine } from '@qvm/core/architecture';
import type { GuestExitEvent, TrapEvent } from '@qvm/core/hooks';
import { aarch64 } from '../architecture.js';
import { AARCH64_HOOK_KINDS } from '../hook-kinds.js';
import type { Aarch64ExitCause, Aarch64InterruptKind, Aarch64TrapKind } from '../hook-kinds.js';
import { DEBUG_INTERRUPT, DEBUG_PORT, Port } from './debug-port.test.helper.js';
import { BACK_TO_EL1, DATA, MachineHarness, goToEl0 } from './machine-harness.test.helper.js';
import type { MachineSetup } from './machine-harness.test.helper.js';

/*
 * For every kind of trap and interrupt and every cause of exits that the architecture declares, a guest program that
 * makes it happen three times, so that the second tier takes part.
 */

const NOWHERE = 0x1000_0000;
/** Bits of MDSCR_EL1 and SPSR_EL1 (Arm ARM D19.3). */
const [SS, KDE, MDE] = [1, 1 << 13, 1 << 15];
const SPSR_SS = 1 << 21;
/** EL1h with a reserved bit set: ERET to it is illegal. */
const ILLEGAL = 0x3c6;

const three = (source: string): string => `mov x26, #3\n again: ${source}\n subs x26, x26, #1\n b.ne again\n`;
const atEl0 = (instruction: string): string => `${goToEl0()} at: ${instruction}\n ${BACK_TO_EL1}`;
const debug = (mdscr: number): string =>
  `msr oslar_el1, xzr\n isb\n msr daifclr, #8\n ldr x20, =${mdscr}\n msr mdscr_el1, x20\n isb\n`;
const set = (register: string, value: string | number): string => `ldr x20, =${value}\n msr ${register}, x20\n isb\n`;

interface Program {
  readonly source: string;
  /** Members of the trap's event besides its kind; `pc` is the label `at` when absent. */
  readonly event?: Partial<Record<keyof TrapEvent, unknown>>;
  /** Cause of the exit that the trap comes in, if its name differs. */
  readonly exit?: Aarch64ExitCause;
}

const TRAPS: Record<Aarch64TrapKind, Program & MachineSetup> = {
  svc: { source: three('at: svc #7'), event: { immediate: 7 } },
  hvc: { source: three('at: hvc #5'), event: { immediate: 5 }, exit: 'hypercall' },
  smc: { source: three('at: smc #6'), event: { immediate: 6 }, exit: 'hypercall' },
  breakpoint: { source: three('at: brk #9'), event: { immediate: 9 } },
  undefined: { source: three('at: hlt #1'), event: { disassembly: expect.stringContaining('hlt') } },
  systemRegister: {
    source: three(atEl0('mrs x1, ctr_el0')),
    event: { disassembly: expect.stringContaining('ctr_el0') },
    exit: 'sysreg',
  },
  wfi: { source: three(atEl0('wfi')) },
  wfe: { source: three(atEl0('wfe')) },
  fpAccess: { source: three('at: .word 0x1e622820') },
  spAlignment: {
    source: `mrs x0, sctlr_el1\n orr x0, x0, #8\n msr sctlr_el1, x0\n isb\n ldr x1, =${DATA + 8}\n mov sp, x1\n ${three('at: ldr x2, [sp]')}`,
  },
  pcAlignment: {
    source: three(`adr x30, back\n ldr x1, =${DATA + 2}\n br x1\n at: nop\n back: nop`),
    event: { pc: BigInt(DATA + 2) },
  },
  illegalState: {
    source: three(`adr x1, at\n msr elr_el1, x1\n ldr x1, =${ILLEGAL}\n msr spsr_el1, x1\n eret\n at: nop`),
  },
  hardwareBreakpoint: {
    source: `${debug(MDE | KDE)} ${set('dbgbvr0_el1', 'at')} ${set('dbgbcr0_el1', 0x1e3)} ${three('at: nop')}`,
  },
  watchpoint: {
    source: `${debug(MDE | KDE)} ${set('dbgwvr0_el1', DATA)} ${set('dbgwcr0_el1', 0x1ffb)} ldr x1, =${DATA}\n ${three('at: ldr x2, [x1]')}`,
    event: { address: BigInt(DATA) },
  },
  softwareStep: {
    vectors: { 0x400: 'msr mdscr_el1, xzr\n hvc #0x208\n eret' },
    source: three(`${debug(SS)} ${goToEl0(SPSR_SS)} mov x1, #1\n at: ${BACK_TO_EL1}\n msr mdscr_el1, xzr\n isb`),
  },
};

/** Programs for causes that are no traps. Each program goes on by itself, is woken by the test, or ends. */
const EXITS: Record<Exclude<Aarch64ExitCause, keyof typeof TRAPS> | 'wfi' | 'wfe', Program & MachineSetup> = {
  mmio: { source: three(`ldr x1, =${DEBUG_PORT}\n str w1, [x1]`) },
  sysreg: { source: three('mrs x1, cntvct_el0') },
  hypercall: { source: three('hvc #5') },
  wfi: { source: 'wfi' },
  wfe: { source: three('wfe') },
  yield: { source: three('yield'), vcpus: 2 },
  interrupt: { source: interruptOf(1) },
  fault: { source: three(`ldr x1, =${NOWHERE}\n ldr x1, [x1]`) },
  budget: { source: `ldr x1, =200000\n 1: subs x1, x1, #1\n b.ne 1b\n` },
};

/** Raises the debug port's interrupt, of a group of the GIC (IHI 0069, 12.9 and 12.11). */
function interruptOf(group: 0 | 1): string {
  const bit = 1 << (DEBUG_INTERRUPT - 32);
  return `
    ldr x20, =0x08000000
    mov w21, #0x13
    str w21, [x20]
    ldr x22, =0x080a0000
    str wzr, [x22, #0x14]
    ldr w21, =${group === 1 ? bit : 0}
    str w21, [x20, #0x84]
    ldr w21, =${bit}
    str w21, [x20, #0x104]
    mov w21, #0x80
    strb w21, [x20, #${0x400 + DEBUG_INTERRUPT}]
    mov x21, #1
    msr icc_sre_el1, x21
    msr icc_igrpen0_el1, x21
    msr icc_igrpen1_el1, x21
    mov x21, #0xff
    msr icc_pmr_el1, x21
    isb
    msr daifclr, #3
    ldr x23, =${DEBUG_PORT}
    ${three(`mov w21, #1\n str w21, [x23, #${Port.Line}]\n nop`)}`;
}
/** Lowers the line in place of an acknowledge. */
const LOWER = `str wzr, [x23, #${Port.Line}]\n eret`;
const INTERRUPTS: Record<Aarch64InterruptKind, Program> = {
  irq: { source: interruptOf(1) },
  fiq: { source: interruptOf(0) },
};

/** Events at the hooks of vCPU 0, in order: `<cause`, `trap kind`, `interrupt kind`, `>cause`. */
interface Watched {
  readonly machine: MachineHarness;
  readonly order: string[];
  readonly traps: TrapEvent[];
  readonly exits: GuestExitEvent[];
  readonly interrupts: unknown[];
}

async function watch(source: string, engine: Engine, setup: MachineSetup = {}): Promise<Watched> {
  const seen = {
    order: [] as string[],
    traps: [] as TrapEvent[],
    exits: [] as GuestExitEvent[],
    interrupts: [] as unknown[],
  };
  const machine = await MachineHarness.boot(source, {
    vectors: { 0x280: LOWER, 0x300: LOWER },
    ...setup,
    engine,
    prepare: ({ vcpus: [vcpu] }) => {
      const hooks = vcpu?.hooks;
      for (const kind of Object.keys(aarch64.hookKinds.trap)) {
        hooks?.trap.for(kind).tap('test', (event) => {
          seen.traps.push({ ...event });
          seen.order.push(`trap ${event.kind}`);
          return undefined;
        });
      }
      hooks?.guestExit.tap('test', (event) => {
        const { cause, syndrome, vdev, access, instructions, time, timestamp } = event;
        seen.exits.push({ ...event, cause, syndrome, vdev, access, instructions, time, timestamp });
        seen.order.push(`<${cause}`);
      });
      hooks?.guestEntrance.tap('test', ({ cause }) => void seen.order.push(`>${cause}`));
      hooks?.interruptTaken.tap('test', ({ kind, number, pc }) => {
        seen.interrupts.push({ kind, number, pc });
        seen.order.push(`interrupt ${kind}`);
      });
    },
  });
  machine.run();
  return { machine, ...seen };
}

/** Exits do not nest: each entrance follows its exit before the next exit. */
function expectPairs(order: readonly string[]): void {
  let open: string | undefined;
  for (const event of order) {
    if (event.startsWith('<')) {
      expect([event, open]).toEqual([event, undefined]);
      open = event.slice(1);
    } else if (event.startsWith('>')) {
      expect(event.slice(1)).toBe(open);
      open = undefined;
    } else expect([event, open]).toEqual([event, expect.any(String)]);
  }
}

const both = <K extends string>(programs: Record<K, Program>): (readonly [K, Engine])[] =>
  (Object.keys(programs) as K[]).flatMap((kind) => [[kind, 'interp'] as const, [kind, 'wasm'] as const]);

describe('every declared kind happens', () => {
  it('has a program here', () => {
    const { trap, guestExit, interruptTaken } = AARCH64_HOOK_KINDS;
    expect(Object.keys(TRAPS).sort()).toEqual(Object.keys(trap).sort());
    const exits = new Set([...Object.keys(EXITS), ...Object.entries(TRAPS).map(([kind, { exit }]) => exit ?? kind)]);
    expect([...exits].sort()).toEqual(Object.keys(guestExit).sort());
    expect(Object.keys(INTERRUPTS).sort()).toEqual(Object.keys(interruptTaken).sort());
  });

  it.each(both(TRAPS))('trap %s: %s', async (kind, engine) => {
    const { source, event, exit = kind, ...setup } = TRAPS[kind];
    const { machine, traps, order } = await watch(source, engine, setup);
    machine.expectEnd();
    const own = traps.filter((trap) => trap.kind === kind);
    expect(own.length).toBeGreaterThanOrEqual(3);
    expect(own[0]).toMatchObject({ pc: event?.pc ?? machine.label('at'), ...event });
    expect(own[0]?.syndrome).toBeGreaterThan(0);
    expectPairs(order);
    const at = order.indexOf(`trap ${kind}`);
    expect(order.slice(at - 1, at + 2)).toEqual([`<${exit}`, `trap ${kind}`, `>${exit}`]);
  });

  it.each(both(EXITS))('exit %s: %s', async (cause, engine) => {
    const { source, ...setup } = EXITS[cause];
    const { machine, order, exits } = await watch(source, engine, setup);
    machine.vcpus[0]?.setIrq(true);
    machine.run();
    machine.expectEnd();
    expectPairs(order);
    expect(order).toContain(`<${cause}`);
    expect(order).toContain(`>${cause}`);
    const event = exits.find((exit) => exit.cause === cause);
    const hasSyndrome = !['interrupt', 'budget', 'yield'].includes(cause);
    expect(event?.syndrome).toEqual(hasSyndrome ? expect.any(Number) : 0);
    if (hasSyndrome) expect(event?.syndrome).not.toBe(0);
    expect([event?.vdev, event?.access !== undefined]).toEqual(
      cause === 'mmio' ? ['debug-port-0', true] : [undefined, false],
    );
  });

  it.each(both(INTERRUPTS))('interrupt %s: %s', async (kind, engine) => {
    const { machine, interrupts, order } = await watch(INTERRUPTS[kind].source, engine);
    machine.expectEnd();
    expect(interrupts).toHaveLength(3);
    expect(interrupts[0]).toEqual({ kind, number: DEBUG_INTERRUPT, pc: expect.any(BigInt) });
    expectPairs(order);
    const at = order.indexOf(`interrupt ${kind}`);
    expect(order.slice(at - 1, at + 2)).toEqual(['<interrupt', `interrupt ${kind}`, '>interrupt']);
  });
});

describe('traps that a tap handles', () => {
  const handle = async (kind: Aarch64TrapKind, act?: (machine: MachineHarness) => void): Promise<MachineHarness> => {
    const machine = await MachineHarness.boot(TRAPS[kind].source, {
      prepare: (harness) =>
        harness.vcpus[0]?.hooks.trap.for(kind).tap('test', () => {
          act?.(harness);
          return 'handled';
        }),
    });
    return machine.run();
  };
  /**
   * Kinds whose program ends although the exception is not taken. SVC is excluded because the others use it to come
   * back from EL0.
   */
  const alone = (Object.keys(TRAPS) as Aarch64TrapKind[]).filter((kind) => kind !== 'pcAlignment' && kind !== 'hvc');

  it.each(alone)('%s: none is taken, and the guest goes on', async (kind) => {
    const machine = await handle(kind);
    machine.expectEnd();
    expect(machine.exceptions).toEqual([]);
  });

  it('pcAlignment: the tap moves the vCPU', async () => {
    const machine = await handle('pcAlignment', (harness) =>
      harness.vcpus[0]?.setRegister('pc', harness.label('back')),
    );
    machine.expectEnd();
    expect(machine.exceptions).toEqual([]);
  });

  it('pcAlignment: a tap that does not ends the VM instead of hanging', async () => {
    const machine = await handle('pcAlignment');
    expect(machine.exit).toMatchObject({ exitCode: 5 });
  });

  it('hvc: the hypercall is not made', async () => {
    const calls: number[] = [];
    const machine = await MachineHarness.boot('mov x0, #1\n hvc #5\n hvc #6', {
      prepare: ({ vcpus: [vcpu] }) => {
        vcpu?.hooks.hypercall.tap('test', ({ immediate }) => (calls.push(immediate), undefined));
        vcpu?.hooks.trap.for('hvc').tap('test', ({ immediate }) => (immediate === 5 ? 'handled' : undefined));
      },
    });
    machine.run().expectEnd();
    expect(calls.slice(0, 2)).toEqual([6, 0]);
  });

  it('softwareStep: the tap sees every instruction', async () => {
    const pcs: bigint[] = [];
    const source = `${debug(SS)} ${goToEl0(SPSR_SS)} mov x1, #1\n at: mov x1, #2\n mov x1, #3\n ${BACK_TO_EL1}\n msr mdscr_el1, xzr\n isb`;
    const machine = await MachineHarness.boot(source, {
      prepare: ({ vcpus: [vcpu] }) =>
        vcpu?.hooks.trap.for('softwareStep').tap('test', ({ pc }) => {
          pcs.push(pc);
          return 'handled';
        }),
    });
    machine.run().expectEnd();
    const at = machine.label('at');
    expect(pcs.slice(0, 3)).toEqual([at, at + 4n, at + 8n]);
    expect([machine.exceptions, machine.x(1)]).toEqual([[], 3n]);
  });
});
