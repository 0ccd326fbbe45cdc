import fc from 'fast-check';
import { InterruptBus, INTERRUPT_WIRING } from '@qvm/core/architecture';
import { createVmHooks } from '@qvm/core/host';
import type { InterruptLine, VdevContext } from '@qvm/core/vdev';
import { createVdev, describeVdevContract, FakeVdevContext } from '@qvm/testing';
import type { VdevHarness, ManualClock } from '@qvm/testing';
import { FakeCpu } from '../gic/fake-cpu.test.helper.js';
import { gic } from '../gic/index.js';
import { AARCH64_CPUS } from '../system/cpu-attachment.js';
import { timer } from './index.js';

const PHYSICAL = 30;
const VIRTUAL = 27;
const TICK = 16;
const ENABLE = 1;
const IMASK = 2;
const ISTATUS = 4;

interface Bench {
  readonly cpus: readonly FakeCpu[];
  readonly harness: VdevHarness;
  readonly clock: ManualClock;
  cpu(index?: number): FakeCpu;
  level(intid: number, vcpu?: number): boolean;
}

function createBench(vcpus = 1): Bench {
  const cpus = Array.from({ length: vcpus }, (_, index) => new FakeCpu(index));
  const harness = createVdev(timer, {
    context: { vcpus },
    prepare: (context) => context.attach(AARCH64_CPUS, cpus),
  });
  return {
    cpus,
    harness,
    clock: harness.context.clock,
    cpu: (index = 0) => cpus[index] as FakeCpu,
    level: (intid, vcpu = 0) =>
      harness.context.privateInterrupts.find((line) => line.number === intid && line.vcpu === vcpu)?.level ?? false,
  };
}

describeVdevContract(timer, {
  context: { vcpus: 2 },
  prepare: (context) => context.attach(AARCH64_CPUS, [new FakeCpu(0), new FakeCpu(1)]),
  change: ({ context }) => {
    const [cpu] = context.attachment(AARCH64_CPUS) as readonly FakeCpu[];
    context.clock.advance(1000);
    cpu?.write('CNTV_CVAL_EL0', 3);
    cpu?.write('CNTV_CTL_EL0', ENABLE);
    cpu?.write('CNTP_CVAL_EL0', 2n ** 64n - 1n);
  },
});

describe('the counter', () => {
  it('runs at 62.5 MHz, exactly, also after a month', () => {
    const { clock, cpu } = createBench();
    expect(cpu().read('CNTFRQ_EL0')).toBe(62_500_000);
    clock.advance(1e9);
    expect(cpu().readLong('CNTVCT_EL0')).toBe(62_500_000n);
    clock.advance(30 * 86_400e9 + TICK - 1);
    expect(cpu().readLong('CNTPCT_EL0')).toBe(62_500_000n * (30n * 86_400n + 1n));
    clock.advance(1);
    expect(cpu().readLong('CNTPCT_EL0')).toBe(62_500_000n * (30n * 86_400n + 1n) + 1n);
  });

  it('goes on from where it was saved', () => {
    const { clock, cpu, harness } = createBench();
    clock.advance(1e9);
    const snapshot = harness.vdev.save();
    const other = createBench();
    other.harness.vdev.restore(snapshot);
    expect(other.cpu().read('CNTVCT_EL0')).toBe(cpu().read('CNTVCT_EL0'));
    other.clock.advance(TICK);
    expect(other.cpu().read('CNTVCT_EL0')).toBe(62_500_001);
  });

  it('keeps CNTFRQ as it is written', () => {
    const { cpu } = createBench(2);
    cpu().write('CNTFRQ_EL0', (1n << 40n) | 24_000_000n);
    expect([cpu().read('CNTFRQ_EL0'), cpu(1).read('CNTFRQ_EL0')]).toEqual([24_000_000, 62_500_000]);
  });
});

describe.each([
  ['P', PHYSICAL],
  ['V', VIRTUAL],
])('the timer CNT%s', (letter, intid) => {
  const ctl = `CNT${letter}_CTL_EL0`;
  const cval = `CNT${letter}_CVAL_EL0`;
  const tval = `CNT${letter}_TVAL_EL0`;

  it('raises its output at the compare value, not before, until that is moved on', () => {
    const { clock, cpu, level } = createBench();
    cpu().write(cval, 100);
    cpu().write(ctl, ENABLE);
    clock.advance(100 * TICK - 1);
    expect([level(intid), cpu().read(ctl)]).toEqual([false, ENABLE]);
    clock.advance(1);
    expect([level(intid), cpu().read(ctl)]).toEqual([true, ENABLE | ISTATUS]);
    cpu().write(cval, 200);
    expect([level(intid), cpu().read(ctl)]).toEqual([false, ENABLE]);
    clock.advance(100 * TICK);
    expect(level(intid)).toBe(true);
    cpu().write(ctl, 0);
    expect([level(intid), cpu().read(ctl)]).toEqual([false, 0]);
  });

  it('is masked by IMASK, which leaves ISTATUS', () => {
    const { clock, cpu, level } = createBench();
    cpu().write(ctl, ENABLE | IMASK);
    clock.advance(TICK);
    expect([level(intid), cpu().read(ctl), clock.nextDeadline]).toEqual([false, ENABLE | IMASK | ISTATUS, undefined]);
    cpu().write(ctl, ENABLE);
    expect(level(intid)).toBe(true);
  });

  it.each([ctl, tval, `CNT${letter}CT_EL0`])(
    'has its output raised for a guest that sees in %s that the time has come',
    (register) => {
      const { clock, cpu, level } = createBench();
      cpu().write(cval, 100);
      cpu().write(ctl, ENABLE);
      clock.lag(100 * TICK - 1);
      cpu().read(register);
      expect(level(intid)).toBe(false);
      clock.lag(1);
      expect(level(intid)).toBe(false);
      cpu().readLong(register);
      expect([level(intid), clock.nextDeadline, cpu().read(ctl)]).toEqual([true, undefined, ENABLE | ISTATUS]);
    },
  );

  it('stays masked for a guest that sees that the time has come', () => {
    const { clock, cpu, level } = createBench();
    cpu().write(ctl, ENABLE | IMASK);
    clock.lag(TICK);
    expect([cpu().read(ctl), level(intid)]).toEqual([ENABLE | IMASK | ISTATUS, false]);
  });

  it('takes TVAL as signed, and shows what is left of it', () => {
    const { clock, cpu, level } = createBench();
    clock.advance(1000 * TICK);
    cpu().write(tval, 50);
    expect(cpu().read(cval)).toBe(1050);
    clock.advance(60 * TICK);
    expect(cpu().readLong(tval)).toBe(0xffff_fff6n);
    cpu().write(tval, 0xffff_ffff);
    expect(cpu().read(cval)).toBe(1059);
    cpu().write(ctl, ENABLE);
    expect(level(intid)).toBe(true);
  });

  it('wraps a TVAL before zero, which is then never reached', () => {
    const { cpu, level, clock } = createBench();
    cpu().write(ctl, ENABLE);
    cpu().write(tval, 0xffff_fffe);
    expect(cpu().readLong(cval)).toBe(2n ** 64n - 2n);
    expect([level(intid), clock.nextDeadline]).toEqual([false, undefined]);
  });

  it.each([2n ** 49n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n])(
    'keeps the far compare value %s exactly',
    (far) => {
      const { clock, cpu, level } = createBench();
      cpu().write(cval, far);
      cpu().write(ctl, ENABLE);
      clock.advance(1e15);
      expect([cpu().readLong(cval), level(intid), clock.nextDeadline]).toEqual([far, false, undefined]);
    },
  );

  it('belongs to one vCPU', () => {
    const { cpu, level } = createBench(2);
    cpu(1).write(ctl, ENABLE);
    expect([level(intid, 0), level(intid, 1)]).toEqual([false, true]);
  });
});

it('agrees with 64-bit arithmetic at any time', () => {
  const long = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 20n }));
  const event = fc.oneof(
    fc.record({ write: fc.constantFrom('CVAL', 'TVAL', 'CTL'), value: long }),
    fc.record({ advance: fc.nat({ max: 2 ** 24 }) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const { clock, cpu, level } = createBench();
      let compare = 0n;
      let control = 0;
      for (const step of events) {
        const count = BigInt(clock.now()) / 16n;
        if ('advance' in step) clock.advance(step.advance);
        else {
          cpu().write(`CNTV_${step.write}_EL0`, step.value);
          if (step.write === 'CVAL') compare = step.value;
          if (step.write === 'TVAL') compare = BigInt.asUintN(64, count + BigInt.asIntN(32, step.value));
          if (step.write === 'CTL') control = Number(step.value & 3n);
        }
        const now = BigInt(clock.now()) / 16n;
        const met = (control & ENABLE) !== 0 && now >= compare;
        expect(cpu().read('CNTV_CTL_EL0')).toBe(control | (met ? ISTATUS : 0));
        expect(level(VIRTUAL)).toBe(met && (control & IMASK) === 0);
        expect(cpu().readLong('CNTV_CVAL_EL0')).toBe(compare);
        expect(cpu().readLong('CNTV_TVAL_EL0')).toBe(BigInt.asUintN(32, compare - now));
      }
    }),
    { numRuns: 200 },
  );
});

it('describes itself as the virt board does', () => {
  const node = createBench().harness.vdev.deviceTree?.({
    interruptCells: () => [],
    reg: () => [],
    phandle: () => 0,
  })[0];
  expect(node).toEqual({
    name: 'timer',
    properties: {
      compatible: ['arm,armv8-timer', 'arm,armv7-timer'],
      'always-on': true,
      interrupts: { cells: [1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4] },
    },
  });
});

/** A context whose private lines are connected to a bus. */
class WiredContext extends FakeVdevContext {
  readonly bus = new InterruptBus(1, createVmHooks('test'));

  override privateInterrupt(number: number, vcpu: number): ReturnType<FakeVdevContext['privateInterrupt']> {
    const recorded = super.privateInterrupt(number, vcpu);
    const line: InterruptLine = this.bus.privateLine(number, vcpu, this.name);
    recorded.set = (level) => line.set(level);
    return recorded;
  }
}

/** The tick of arch_arm_timer with irq-gic-v3: program, take, mask, program again, end. */
it('ticks through a GIC as Linux drives it', () => {
  const cpu = new FakeCpu(0);
  const context = new WiredContext({ resources: gic.resources({ version: '3' }) });
  context.attach(AARCH64_CPUS, [cpu]);
  context.attach(INTERRUPT_WIRING, context.bus);
  const controller = gic.create(context satisfies VdevContext, { version: '3' });
  timer.create(context, {});
  const { distributor, redistributors } = controller.mmio ?? {};
  distributor?.write(0, 4, 2);
  redistributors?.write(0x14, 4, 0);
  redistributors?.write(0x1_0080, 4, 0xffff_ffff);
  redistributors?.write(0x1_0100, 4, 1 << VIRTUAL);
  cpu.write('ICC_PMR_EL1', 0xf0);
  cpu.write('ICC_IGRPEN1_EL1', 1);
  cpu.write('CNTV_CTL_EL0', ENABLE | IMASK);
  for (let tick = 1; tick <= 100; tick++) {
    cpu.write('CNTV_CVAL_EL0', cpu.readLong('CNTVCT_EL0') + 250_000n);
    cpu.write('CNTV_CTL_EL0', ENABLE);
    expect(cpu.irq).toBe(false);
    context.clock.advance(4e6);
    expect(cpu.irqs).toBe(tick);
    expect(cpu.read('ICC_IAR1_EL1')).toBe(VIRTUAL);
    cpu.write('CNTV_CTL_EL0', cpu.read('CNTV_CTL_EL0') | IMASK);
    cpu.write('ICC_EOIR1_EL1', VIRTUAL);
    expect(cpu.irq).toBe(false);
  }
});
