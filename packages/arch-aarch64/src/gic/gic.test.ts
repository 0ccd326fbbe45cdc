import { QvmError } from '@qvm/core';
import { createVdev, describeVdevContract, FakeDeviceTreeContext } from '@qvm/testing';
import { DISTRIBUTOR_REGISTERS } from './distributor.js';
import { FakeCpu } from './fake-cpu.test.helper.js';
import * as bench from './gic-bench.test.helper.js';
import { GicBench } from './gic-bench.test.helper.js';
import { gic } from './index.js';
import { RegisterFrame } from './register-frame.js';
import { ICC_REGISTERS } from './system-registers.js';

const SPURIOUS = 1023;
const SPI = 33;

function linux(vcpus = 1, splitEoi = false): GicBench {
  const made = new GicBench(vcpus);
  made.linuxInit(splitEoi);
  return made;
}

describeVdevContract(gic, {
  context: { vcpus: 2 },
  prepare: (context) => void bench.attachCpus(context, [new FakeCpu(0), new FakeCpu(1)]),
  change: ({ write }) => {
    write(bench.CTLR, 2, 4, 'distributor');
    write(bench.ISENABLER + 4, 2, 4, 'distributor');
    write(bench.ISPENDR + 4, 6, 4, 'distributor');
    write(bench.IROUTER + SPI * 8, 1, 4, 'distributor');
    write(bench.WAKER, 0, 4, 'redistributors');
  },
});

describe('what drivers probe', () => {
  it('says GICv3 with 288 INTIDs, one security state and affinity routing', () => {
    const made = new GicBench();
    expect(made.gicd(0xffe8)).toBe(0x3b);
    expect(made.gicr(0, 0xffe8)).toBe(0x3b);
    expect(made.gicd(0x4) & 31).toBe(8);
    expect(made.gicd(bench.CTLR)).toBe(0x50);
    made.setGicd(bench.CTLR, 0xffff_ffff);
    expect(made.gicd(bench.CTLR)).toBe(0x53);
  });

  it('lists the redistributors with affinity, number and Last', () => {
    const made = new GicBench(17, (index) => (BigInt(index >> 4) << 8n) | BigInt(index & 15) | (3n << 32n));
    expect(made.gicr(0, 0x8)).toBe(0);
    expect(made.gicr(16, 0x8)).toBe((16 << 8) | 0x10);
    expect(made.gicr(16, 0xc)).toBe(0x0300_0100);
    expect(made.gicr(17, 0xffe8)).toBe(0);
  });

  it('has five priority bits, and lets Linux see group 0', () => {
    const { cpus } = new GicBench();
    const [cpu] = cpus;
    const bits = (((cpu?.read('ICC_CTLR_EL1') ?? 0) >>> 8) & 7) + 1;
    expect(bits).toBe(5);
    cpu?.write('ICC_PMR_EL1', 1 << (8 - bits));
    expect(cpu?.read('ICC_PMR_EL1')).toBe(8);
    expect(cpu?.read('ICC_SRE_EL1')).toBe(7);
    expect(cpu?.read('ICC_RPR_EL1')).toBe(0xff);
  });

  it('does the WAKER handshake at once, and signals interrupts to those who leave it out', () => {
    const made = linux();
    made.setBit(bench.ISENABLER, SPI);
    expect(new GicBench().gicr(0, bench.WAKER)).toBe(6);
    expect(made.gicr(0, bench.WAKER)).toBe(0);
    made.setGicr(0, bench.WAKER, 2);
    expect(made.gicr(0, bench.WAKER)).toBe(6);
    made.line(SPI).assert();
    expect([made.cpu().irq, made.cpu().read('ICC_IAR1_EL1')]).toEqual([true, SPI]);
  });

  it('attaches every register of the CPU interface once', () => {
    const { cpus } = new GicBench(2);
    for (const { registers } of cpus)
      expect([...registers.keys()].sort()).toEqual(ICC_REGISTERS.map(({ name }) => name).sort());
  });

  it('refuses more vCPUs than there is room for', () => {
    expect(() => new GicBench(124)).toThrow(expect.objectContaining({ code: 'gic.vcpus' }));
  });

  it('describes itself as the virt board does', () => {
    const node = new GicBench(2).harness.vdev.deviceTree?.(new FakeDeviceTreeContext())[0];
    expect(node?.name).toBe('intc@8000000');
    expect(node?.properties.reg).toEqual({ cells: [0, 0x800_0000, 0, 0x1_0000, 0, 0x80a_0000, 0, 0x4_0000] });
  });

  it('refuses a table of overlapping registers', () => {
    expect(() => new RegisterFrame([...DISTRIBUTOR_REGISTERS, ...DISTRIBUTOR_REGISTERS], 0x1_0000)).toThrow(QvmError);
  });

  it('needs its attachments', () => {
    expect(() => createVdev(gic)).toThrow(expect.objectContaining({ code: 'vdev.attachment-missing' }));
  });
});

describe('a level-sensitive interrupt', () => {
  it('is taken, and again after EOI while its line is high', () => {
    const made = linux();
    const cpu = made.cpu();
    made.setBit(bench.ISENABLER, SPI);
    made.line(SPI).assert();
    expect(cpu.irq).toBe(true);
    expect(cpu.read('ICC_HPPIR1_EL1')).toBe(SPI);
    expect(cpu.read('ICC_IAR1_EL1')).toBe(SPI);
    expect(cpu.read('ICC_RPR_EL1')).toBe(0xa0);
    expect([cpu.irq, made.bit(bench.ISACTIVER, SPI), made.bit(bench.ISPENDR, SPI)]).toEqual([false, true, true]);
    expect(cpu.read('ICC_IAR1_EL1')).toBe(SPURIOUS);
    cpu.write('ICC_EOIR1_EL1', SPI);
    expect([cpu.irq, made.bit(bench.ISACTIVER, SPI), cpu.read('ICC_RPR_EL1')]).toEqual([true, false, 0xff]);
    expect(cpu.read('ICC_IAR1_EL1')).toBe(SPI);
    made.line(SPI).deassert();
    cpu.write('ICC_EOIR1_EL1', SPI);
    expect([cpu.irq, made.bit(bench.ISPENDR, SPI)]).toEqual([false, false]);
  });

  it('is gone when its line drops before it is taken, and ICPENDR does not clear it', () => {
    const made = linux();
    made.setBit(bench.ISENABLER, SPI);
    made.line(SPI).assert();
    made.setBit(bench.ICPENDR, SPI);
    expect(made.cpu().irq).toBe(true);
    made.line(SPI).deassert();
    expect(made.cpu().irq).toBe(false);
    expect(made.cpu().read('ICC_IAR1_EL1')).toBe(SPURIOUS);
  });

  it('stays pending by ISPENDR without a line, until taken', () => {
    const made = linux();
    made.setBit(bench.ISENABLER, SPI);
    made.setBit(bench.ISPENDR, SPI);
    expect(made.cpu().read('ICC_IAR1_EL1')).toBe(SPI);
    made.cpu().write('ICC_EOIR1_EL1', SPI);
    expect(made.cpu().irq).toBe(false);
  });
});

describe('an edge-triggered interrupt', () => {
  it('is delivered once for each edge, also for one that comes while it is active', () => {
    const made = linux();
    const cpu = made.cpu();
    made.setEdge(SPI, 0, true);
    made.setBit(bench.ISENABLER, SPI);
    made.line(SPI).pulse();
    expect(cpu.read('ICC_IAR1_EL1')).toBe(SPI);
    made.line(SPI).pulse();
    expect(cpu.irq).toBe(false);
    cpu.write('ICC_EOIR1_EL1', SPI);
    expect(cpu.read('ICC_IAR1_EL1')).toBe(SPI);
    made.line(SPI).assert();
    cpu.write('ICC_EOIR1_EL1', SPI);
    expect(cpu.read('ICC_IAR1_EL1')).toBe(SPI);
    cpu.write('ICC_EOIR1_EL1', SPI);
    expect(cpu.irq).toBe(false);
    made.line(SPI).deassert();
    expect(cpu.irq).toBe(false);
  });

  it('does not come again when a restored device drives its line as it was', () => {
    const made = linux();
    made.setEdge(SPI, 0, true);
    made.setBit(bench.ISENABLER, SPI);
    made.line(SPI).assert();
    made.cpu().read('ICC_IAR1_EL1');
    const other = new GicBench();
    other.harness.vdev.restore(made.harness.vdev.save());
    other.line(SPI).assert();
    other.cpu().write('ICC_EOIR1_EL1', SPI);
    expect(other.cpu().irq).toBe(false);
  });

  it('is remembered while disabled, and forgotten by ICPENDR', () => {
    const made = linux();
    made.setEdge(SPI, 0, true);
    made.line(SPI).pulse();
    expect(made.bit(bench.ISPENDR, SPI)).toBe(true);
    made.setBit(bench.ICPENDR, SPI);
    made.setBit(bench.ISENABLER, SPI);
    expect(made.cpu().irq).toBe(false);
  });
});

describe('priorities', () => {
  it('preempts by group priority only, and unwinds in order', () => {
    const made = linux();
    const cpu = made.cpu();
    for (const [intid, priority] of [
      [40, 0xa0],
      [41, 0x80],
      [42, 0x88],
    ] as const) {
      made.setPriority(intid, 0, priority);
      made.setBit(bench.ISENABLER, intid);
    }
    cpu.write('ICC_BPR1_EL1', 4);
    made.line(40).assert();
    expect(cpu.read('ICC_IAR1_EL1')).toBe(40);
    made.line(42).assert();
    expect(cpu.irq).toBe(true);
    expect(cpu.read('ICC_IAR1_EL1')).toBe(42);
    expect(cpu.read('ICC_RPR_EL1')).toBe(0x80);
    made.line(41).assert();
    expect(cpu.read('ICC_HPPIR1_EL1')).toBe(41);
    expect(cpu.irq).toBe(false);
    cpu.write('ICC_EOIR1_EL1', 42);
    expect(cpu.read('ICC_RPR_EL1')).toBe(0xa0);
    expect(cpu.read('ICC_IAR1_EL1')).toBe(41);
    cpu.write('ICC_EOIR1_EL1', 41);
    cpu.write('ICC_EOIR1_EL1', 40);
    expect(cpu.read('ICC_RPR_EL1')).toBe(0xff);
  });

  it('masks by PMR, of which an equal priority is masked too', () => {
    const made = linux();
    const cpu = made.cpu();
    made.setBit(bench.ISENABLER, SPI);
    made.line(SPI).assert();
    cpu.write('ICC_PMR_EL1', 0xa0);
    expect([cpu.irq, cpu.read('ICC_IAR1_EL1'), cpu.read('ICC_HPPIR1_EL1')]).toEqual([false, SPURIOUS, SPI]);
    cpu.write('ICC_PMR_EL1', 0xa8);
    expect(cpu.irq).toBe(true);
  });

  it('has least binary points 2 and 3, and shows the common one with CBPR', () => {
    const cpu = new GicBench().cpu();
    cpu.write('ICC_BPR0_EL1', 0);
    cpu.write('ICC_BPR1_EL1', 0);
    expect([cpu.read('ICC_BPR0_EL1'), cpu.read('ICC_BPR1_EL1')]).toEqual([2, 3]);
    cpu.write('ICC_BPR0_EL1', 5);
    cpu.write('ICC_CTLR_EL1', 1);
    cpu.write('ICC_BPR1_EL1', 3);
    expect(cpu.read('ICC_BPR1_EL1')).toBe(6);
  });

  it('takes bytes of IPRIORITYR, and no narrow access elsewhere', () => {
    const { read, write } = new GicBench().harness;
    write(bench.IPRIORITYR + 33, 0xff, 1, 'distributor');
    write(bench.IPRIORITYR + 34, 0x4321, 2, 'distributor');
    expect(read(bench.IPRIORITYR + 32, 4, 'distributor')).toBe(0x4020_f800);
    expect(read(bench.IPRIORITYR + 33, 1, 'distributor')).toBe(0xf8);
    write(bench.ISENABLER + 4, 0xff, 1, 'distributor');
    expect(read(bench.ISENABLER + 4, 4, 'distributor')).toBe(0);
  });
});

describe('groups', () => {
  it('refuses the end of one group while the other runs above it', () => {
    const made = linux();
    const cpu = made.cpu();
    made.setGicd(bench.CTLR, 3);
    cpu.write('ICC_IGRPEN0_EL1', 1);
    made.changeBit(bench.IGROUPR, 40, 0, false);
    made.setPriority(40, 0, 0x40);
    for (const intid of [SPI, 40]) {
      made.setBit(bench.ISENABLER, intid);
      made.line(intid).assert();
      cpu.read(intid === 40 ? 'ICC_IAR0_EL1' : 'ICC_IAR1_EL1');
    }
    cpu.write('ICC_EOIR1_EL1', SPI);
    expect(cpu.read('ICC_RPR_EL1')).toBe(0x40);
    cpu.write('ICC_EOIR0_EL1', 40);
    expect(cpu.read('ICC_RPR_EL1')).toBe(0xa0);
  });

  it('signals group 0 as FIQ and group 1 as IRQ, and acknowledges each by its own register', () => {
    const made = linux();
    const cpu = made.cpu();
    made.setGicd(bench.CTLR, 3);
    made.changeBit(bench.IGROUPR, SPI, 0, false);
    made.setBit(bench.ISENABLER, SPI);
    made.line(SPI).assert();
    expect([cpu.irq, cpu.fiq]).toEqual([false, false]);
    cpu.write('ICC_IGRPEN0_EL1', 1);
    expect([cpu.irq, cpu.fiq]).toEqual([false, true]);
    expect(cpu.read('ICC_IAR1_EL1')).toBe(SPURIOUS);
    expect(cpu.read('ICC_IAR0_EL1')).toBe(SPI);
    cpu.write('ICC_EOIR1_EL1', SPI);
    expect(cpu.read('ICC_RPR_EL1')).toBe(0xa0);
    made.line(SPI).deassert();
    cpu.write('ICC_EOIR0_EL1', SPI);
    expect([cpu.read('ICC_RPR_EL1'), made.bit(bench.ISACTIVER, SPI)]).toEqual([0xff, false]);
  });

  it('stops all of a group by GICD_CTLR', () => {
    const made = linux();
    made.setBit(bench.ISENABLER, SPI);
    made.line(SPI).assert();
    made.setGicd(bench.CTLR, 1);
    expect([made.cpu().irq, made.cpu().read('ICC_HPPIR1_EL1')]).toEqual([false, SPURIOUS]);
  });
});

describe('EOImode 1', () => {
  it('drops the priority by EOIR and deactivates by DIR', () => {
    const made = linux(1, true);
    const cpu = made.cpu();
    made.setBit(bench.ISENABLER, SPI);
    made.line(SPI).assert();
    expect(cpu.read('ICC_IAR1_EL1')).toBe(SPI);
    cpu.write('ICC_EOIR1_EL1', SPI);
    expect([cpu.read('ICC_RPR_EL1'), cpu.irq, made.bit(bench.ISACTIVER, SPI)]).toEqual([0xff, false, true]);
    cpu.write('ICC_DIR_EL1', SPI);
    expect([cpu.irq, made.bit(bench.ISACTIVER, SPI)]).toEqual([true, false]);
  });

  it('ignores DIR without EOImode, and EOIs of INTIDs that do not exist', () => {
    const made = linux();
    const cpu = made.cpu();
    made.setBit(bench.ISENABLER, SPI);
    made.line(SPI).assert();
    cpu.read('ICC_IAR1_EL1');
    cpu.write('ICC_DIR_EL1', SPI);
    cpu.write('ICC_EOIR1_EL1', SPURIOUS);
    cpu.write('ICC_EOIR1_EL1', 288);
    expect([cpu.read('ICC_RPR_EL1'), made.bit(bench.ISACTIVER, SPI)]).toEqual([0xa0, true]);
  });
});

describe('SGIs', () => {
  /** As Linux's gic_send_sgi writes it. */
  const sgi1r = (intid: number, list: number, aff1 = 0): bigint =>
    (BigInt(intid) << 24n) | (BigInt(aff1) << 16n) | BigInt(list);

  it('go to the listed vCPUs of a cluster', () => {
    const made = new GicBench(18, (index) => (BigInt(index >> 4) << 8n) | BigInt(index & 15));
    made.linuxInit();
    made.cpu().write('ICC_SGI1R_EL1', sgi1r(3, 0b10, 1));
    expect(made.cpus.filter(({ irq }) => irq).map(({ index }) => index)).toEqual([17]);
    expect(made.cpu(17).read('ICC_IAR1_EL1')).toBe(3);
    made.cpu(17).write('ICC_EOIR1_EL1', 3);
    expect(made.cpu(17).irq).toBe(false);
  });

  it('go to all others with IRM', () => {
    const made = linux(3);
    made.cpu(1).write('ICC_SGI1R_EL1', (1n << 40n) | sgi1r(2, 0));
    expect(made.cpus.map(({ irq }) => irq)).toEqual([true, false, true]);
  });

  it('reach only vCPUs that have them in the group', () => {
    const made = linux(2);
    made.cpu().write('ICC_SGI0R_EL1', sgi1r(1, 3));
    expect(made.bit(bench.ISPENDR, 1, 1)).toBe(false);
    made.changeBit(bench.IGROUPR, 1, 1, false);
    made.cpu().write('ICC_SGI0R_EL1', sgi1r(1, 3));
    expect([made.bit(bench.ISPENDR, 1, 0), made.bit(bench.ISPENDR, 1, 1)]).toEqual([false, true]);
    made.cpu().write('ICC_ASGI1R_EL1', sgi1r(1, 3));
    expect(made.bit(bench.ISPENDR, 1, 0)).toBe(true);
  });

  it('are edge-triggered whatever ICFGR0 is told', () => {
    const made = new GicBench();
    made.setGicr(0, 0x1_0000 + bench.ICFGR, 0);
    expect(made.gicr(0, 0x1_0000 + bench.ICFGR)).toBe(0xaaaa_aaaa);
  });
});

describe('routing', () => {
  it('follows IROUTER, also while pending', () => {
    const made = linux(2);
    made.setBit(bench.ISENABLER, SPI);
    made.line(SPI).assert();
    made.setRoute(SPI, 1);
    expect(made.cpus.map(({ irq }) => irq)).toEqual([false, true]);
    made.setRoute(SPI, 7);
    expect(made.cpus.map(({ irq }) => irq)).toEqual([false, false]);
    expect(made.gicd(bench.IROUTER + SPI * 8)).toBe(7);
  });

  it('tells the new target when the old one ends the interrupt', () => {
    const made = linux(2);
    made.setBit(bench.ISENABLER, SPI);
    made.line(SPI).assert();
    made.cpu(0).read('ICC_IAR1_EL1');
    made.setRoute(SPI, 1);
    made.cpu(0).write('ICC_EOIR1_EL1', SPI);
    expect(made.cpus.map(({ irq }) => irq)).toEqual([false, true]);
  });

  it('gives a 1-of-N interrupt to one vCPU that can take it', () => {
    const made = linux(2);
    made.setRoute(SPI, 0x8000_0000);
    made.setBit(bench.ISENABLER, SPI);
    made.line(SPI).assert();
    expect(made.cpus.map(({ irq }) => irq)).toEqual([true, false]);
    made.cpu(0).write('ICC_PMR_EL1', 0x80);
    expect(made.cpus.map(({ irq }) => irq)).toEqual([false, true]);
    expect(made.cpu(1).read('ICC_IAR1_EL1')).toBe(SPI);
    made.cpu(0).write('ICC_PMR_EL1', 0xf0);
    expect(made.cpus.map(({ irq }) => irq)).toEqual([false, false]);
  });

  it('keeps private interrupts to their vCPU', () => {
    const made = linux(2);
    made.setBit(bench.ISENABLER, 27, 0);
    made.setBit(bench.ISENABLER, 27, 1);
    made.line(27, 1).assert();
    expect(made.cpus.map(({ irq }) => irq)).toEqual([false, true]);
  });

  it('reports lines that lead nowhere, once', () => {
    const made = linux();
    made.line(500).pulse();
    made.line(500).pulse();
    made.line(3).assert();
    expect(made.harness.context.logger.messages('warn')).toHaveLength(2);
  });
});

it('shows its interrupts and counts in its status', () => {
  const made = linux();
  made.setBit(bench.ISENABLER, SPI);
  made.line(SPI).assert();
  made.cpu().read('ICC_IAR1_EL1');
  expect(made.harness.vdev.status()['shared']).toEqual({
    enabled: [SPI],
    pending: [SPI],
    active: [SPI],
    acknowledged: [{ intid: SPI, count: 1 }],
  });
});
