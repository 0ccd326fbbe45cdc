import { Flag, SegmentRegister, State, Vector } from '@qvm/isa-x86_64';
import { Attribute, CODE_ATTRIBUTES, DATA_ATTRIBUTES } from '../state/attributes.js';
import { Cr4 } from '../state/control-bits.js';
import { descriptor, GDT, hex, MachineHarness, RAM_BYTES, Selector } from './machine-harness.test.helper.js';
import { compareWithTapped } from './tapped-twin.test.helper.js';

const [FRAME, TARGET, RSP] = [0x1_f000, 0x1_2000, 0x1_8000];
const NOT_CANONICAL = 0x8000_0000_0000n;
/** Further descriptors, after those of the harness. */
const [FRESH_CODE, FRESH_DATA, CONFORMING, SMALL_DATA] = [0x40, 0x48, 0x50, 0x58];
const LONG = CODE_ATTRIBUTES | Attribute.L | Attribute.Granularity;
const MORE = [
  descriptor((LONG & ~Attribute.Accessed) | 0x60),
  descriptor((DATA_ATTRIBUTES & ~Attribute.Accessed) | 0x60),
  descriptor(LONG | Attribute.Conforming),
  descriptor(DATA_ATTRIBUTES | Attribute.Available, 0x12_3456, 0x4_5678),
];

const DATA_SEGMENTS = [SegmentRegister.ES, SegmentRegister.DS, SegmentRegister.FS, SegmentRegister.GS];

interface Frame {
  readonly rip?: bigint;
  readonly cs?: number;
  readonly rflags?: number;
  readonly rsp?: bigint;
  readonly ss?: number;
  /** RFLAGS before. */
  readonly before?: number;
  /** Selector and attributes of DS before. */
  readonly ds?: number;
  /** The interrupt 0x40 waits for RFLAGS.IF. */
  readonly interrupt?: boolean;
  readonly user?: string;
  readonly at?: number;
  readonly cr4?: number;
}

const USER = { cs: Selector.userCode, ss: Selector.userData };
const KERNEL = { cs: Selector.code, ss: 0 };

function prepare(machine: MachineHarness, frame: Frame): void {
  const { state, vcpu } = machine;
  const { rip = BigInt(TARGET), cs = 0, rflags = 2, rsp = BigInt(RSP), ss = 0, before = 2, at = FRAME } = frame;
  for (const vector of [Vector.DB, Vector.GP, Vector.UD, Vector.AC, Vector.PF, Vector.SS, Vector.NP])
    machine.handler(vector, hex('f4'), { ist: 1 });
  // mov rax, [rsp + 16]; out 0xe9, eax; hlt
  machine.handler(0x40, hex('48 8b 44 24 10 e7 e9 f4'));
  machine.write(TARGET, hex(`90 ${frame.user ?? ''} 9c 58 90 f4`));
  machine.enterLongMode(hex('48 cf'));
  MORE.forEach((value, n) => machine.write64(GDT + FRESH_CODE + n * 8, value));
  state.setU32(State.gdtr + 8, SMALL_DATA + 7);
  [rip, BigInt(cs), BigInt(rflags), rsp, BigInt(ss)].forEach((value, n) => machine.write64(at + n * 8, value));
  state.setU32(State.cr4, state.u32(State.cr4) | (frame.cr4 ?? 0));
  vcpu.setRegister('rsp', BigInt(at));
  vcpu.setRegister('rflags', BigInt(before));
  for (const segment of DATA_SEGMENTS) state.setSegment(segment, 0, 0, 0, 0);
  if (frame.ds !== undefined) state.setSegment(SegmentRegister.DS, Selector.data, 0, 0xffff, frame.ds);
  vcpu.stateChanged();
  if (frame.interrupt) {
    vcpu.processor.msrs.write(0x1b, 0xfee0_0d00, 0);
    vcpu.processor.msrs.write(0x80f, 0x1ff, 0);
    vcpu.apic.sendToSelf(0x40);
  }
}

/** Where the tables of the harness map RAM again, from its beginning. */
const GIGABYTE = 0x4000_0000;

/** Moves the GDT to a linear address whose first or last descriptors are not mapped. */
function moveTable(machine: MachineHarness, base: number): void {
  const { state, vcpu } = machine;
  for (let at = 0; at <= Selector.task; at += 8) {
    const address = (base + at) % GIGABYTE;
    if (address < RAM_BYTES) machine.write64(address, machine.read64(GDT + at));
  }
  state.setU64(State.gdtr, BigInt(base));
  vcpu.stateChanged();
}

const FLAGS = [2, 0x202, 0x8d7, Flag.DF, Flag.NT, Flag.ID, Flag.IOPL, Flag.IF | Flag.IOPL, 1 << 12, Flag.AC, Flag.TF];
const MORE_FLAGS = [Flag.RF, Flag.RF | Flag.IF, Flag.VM, Flag.VIF | Flag.VIP];

describe('IRETQ in generated code does as the vCPU does', () => {
  it.each([...FLAGS, ...MORE_FLAGS])('with RFLAGS %i', (rflags) => {
    for (const level of [USER, KERNEL]) compareWithTapped((machine) => prepare(machine, { ...level, rflags }), 30);
  });

  it.each([2, Flag.NT, Flag.AC, Flag.IF, Flag.DF | Flag.CF])('after RFLAGS %i', (before) => {
    compareWithTapped((machine) => prepare(machine, { ...USER, before }), 30);
  });

  it.each([
    ['null', 0, 0],
    ['of the LDT', 0x2f, 0x23],
    ['beyond the table', 0x103, 0x23],
    ['of other levels', 0x2b, 0x20],
    ['of levels 1 and 2', 0x09, 0x12],
    ['of compatibility mode', Selector.userCode32, Selector.userData],
    ['of data for code', Selector.userData, Selector.userData],
    ['of code for the stack', Selector.userCode, Selector.userCode],
    ['without a stack', Selector.userCode, 3],
    ['of the kernel', Selector.code, Selector.data],
    ['of segments that were never loaded', FRESH_CODE | 3, FRESH_DATA | 3],
    ['of conforming code', CONFORMING | 3, Selector.userData],
    ['of a stack with base and limit', Selector.code, SMALL_DATA],
  ])('with selectors %s', (_, cs, ss) => {
    compareWithTapped((machine) => prepare(machine, { cs, ss }), 30);
  });

  it('with addresses that are not canonical, and frames in two pages and in none', () => {
    for (const level of [USER, KERNEL]) {
      compareWithTapped((machine) => prepare(machine, { ...level, rip: NOT_CANONICAL }), 30);
      compareWithTapped((machine) => prepare(machine, { ...level, rsp: NOT_CANONICAL }), 30);
      compareWithTapped((machine) => prepare(machine, { ...level, at: 0x1_eff0 }), 30);
      compareWithTapped((machine) => {
        prepare(machine, level);
        machine.vcpu.setRegister('rsp', 0x1_0000_0000n);
      }, 30);
    }
  });

  it('with a null stack segment, whose descriptor is on a page that is not there', () => {
    compareWithTapped((machine) => {
      prepare(machine, KERNEL);
      moveTable(machine, GIGABYTE - 8);
    }, 30);
  });

  it('with a wrong code segment, before the descriptor of the stack segment is missed', () => {
    compareWithTapped((machine) => {
      prepare(machine, { cs: Selector.userData, ss: Selector.task | 3 });
      moveTable(machine, RAM_BYTES - Selector.task);
    }, 30);
  });

  it('with data segments that programs keep or lose', () => {
    for (const ds of [0, DATA_ATTRIBUTES, DATA_ATTRIBUTES | 0x60, LONG | Attribute.Conforming])
      for (const level of [USER, KERNEL]) compareWithTapped((machine) => prepare(machine, { ...level, ds }), 30);
  });

  it('with the privileges of the new level', () => {
    for (const user of ['fa', '0f 31', '0f 06', '0f 20 d8', '9d', 'fb'])
      for (const rflags of [2, 0x3002])
        for (const cr4 of [0, Cr4.TSD])
          compareWithTapped((machine) => prepare(machine, { ...USER, rflags, user, cr4 }), 30);
  });

  it('with an interrupt that it lets in', () => {
    for (const rflags of [Flag.IF, Flag.IF | Flag.RF]) {
      const { tapped } = compareWithTapped((machine) => prepare(machine, { ...USER, rflags, interrupt: true }), 30);
      expect(tapped.log).toEqual([rflags | 2]);
    }
  });

  it('without an exit', () => {
    const machine = new MachineHarness();
    prepare(machine, USER);
    machine.run();
    expect(machine.vcpu.exits.counts()).not.toHaveProperty('interruptReturn');
    expect(machine.vcpu.faults.last).toMatchObject({ pc: BigInt(TARGET) + 4n, level: 3 });
  });
});
