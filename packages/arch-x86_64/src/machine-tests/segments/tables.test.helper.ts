import { Attribute, CODE_ATTRIBUTES, DATA_ATTRIBUTES, SystemType } from '../../state/attributes.js';

/** Physical addresses of the parts of a scenario's memory. Segments begin at 0, unless said otherwise. */
export const Place = {
  gdt: 0x1000,
  ldt: 0x1e00,
  idt: 0x2000,
  /** Task-state segments: of the present task, of another one, of 16 bits, of IA-32e mode, and of faults. */
  task: 0x3000,
  otherTask: 0x3100,
  task16: 0x3200,
  longTask: 0x3300,
  faultTask: 0x3400,
  /** Tops of the stacks by privilege level; the program's stacks are 0x800 below. */
  stacks: [0x5000, 0x6000, 0x7000, 0x8000],
  code: 0x8000,
  target: 0x9000,
  /** The handler of a vector is 16 bytes after that of the one before. */
  handlers: 0xa000,
  data: 0xb000,
  pages: 0x10000,
} as const;
export const IMAGE_BYTES = 0x13000;

const FLAT = Attribute.Granularity | Attribute.DB;
const dpl = (level: number): number => level << 5;

/** A descriptor of a segment (SDM vol. 3, 3.4.5). */
export const segment = (attributes: number, base = 0, limit = 0xf_ffff): bigint =>
  BigInt(limit & 0xffff) |
  (BigInt(base & 0xff_ffff) << 16n) |
  (BigInt(attributes & 0xff) << 40n) |
  (BigInt(limit >>> 16) << 48n) |
  (BigInt(attributes & 0xf000) << 40n) |
  (BigInt(base >>> 24) << 56n);

/** A gate (SDM vol. 3, 5.8.3 and 6.11); `count` are the parameters of a call gate. */
export const gate = (
  type: SystemType,
  selector: number,
  offset: number,
  level = 0,
  count = 0,
  present = true,
): bigint =>
  BigInt(offset & 0xffff) |
  (BigInt(selector) << 16n) |
  (BigInt(count) << 32n) |
  (BigInt(type | dpl(level) | (present ? Attribute.Present : 0)) << 40n) |
  (BigInt(offset >>> 16) << 48n);

const code = (level: number, more: number = FLAT): bigint => segment(CODE_ATTRIBUTES | dpl(level) | more);
const data = (level: number, more: number = FLAT): bigint => segment(DATA_ATTRIBUTES | dpl(level) | more);
const system = (type: SystemType, base: number, limit: number, level = 0): bigint =>
  segment(type | Attribute.Present | dpl(level), base, limit);
const SMALL = 0xffff;
const without = (attributes: number, bits: number): number => attributes & ~bits;

/** The descriptors of the GDT by name, in order from selector 8 on. Those of 16 bytes take two places. */
const GDT = {
  code0: code(0),
  data0: data(0),
  code1: code(1),
  data1: data(1),
  code2: code(2),
  data2: data(2),
  code3: code(3),
  data3: data(3),
  conforming0: code(0, FLAT | Attribute.Conforming),
  conforming2: code(2, FLAT | Attribute.Conforming),
  conforming3: code(3, FLAT | Attribute.Conforming),
  code16: segment(CODE_ATTRIBUTES, 0, SMALL),
  data16: segment(DATA_ATTRIBUTES, 0, SMALL),
  code16of3: segment(CODE_ATTRIBUTES | dpl(3), 0, SMALL),
  data16of3: segment(DATA_ATTRIBUTES | dpl(3), 0, SMALL),
  executeOnly: segment(without(CODE_ATTRIBUTES, Attribute.Readable) | FLAT),
  executeOnly3: segment(without(CODE_ATTRIBUTES, Attribute.Readable) | FLAT | dpl(3)),
  readOnly: segment(without(DATA_ATTRIBUTES, Attribute.Writable) | FLAT),
  readOnly3: segment(without(DATA_ATTRIBUTES, Attribute.Writable) | FLAT | dpl(3)),
  absentCode: segment(without(CODE_ATTRIBUTES, Attribute.Present) | FLAT),
  absentCode3: segment(without(CODE_ATTRIBUTES, Attribute.Present) | FLAT | dpl(3)),
  absentData: segment(without(DATA_ATTRIBUTES, Attribute.Present) | FLAT),
  absentData3: segment(without(DATA_ATTRIBUTES, Attribute.Present) | FLAT | dpl(3)),
  expandDown: segment(DATA_ATTRIBUTES | Attribute.ExpandDown | FLAT, 0, 0),
  shortCode: segment(CODE_ATTRIBUTES | Attribute.DB, 0, Place.target - 1),
  shortCode3: segment(CODE_ATTRIBUTES | Attribute.DB | dpl(3), 0, Place.target - 1),
  based: segment(DATA_ATTRIBUTES | FLAT, 0x1234_5000),
  task: system(SystemType.BusyTss, Place.task, 0x67),
  otherTask: system(SystemType.Tss, Place.otherTask, 0x67),
  otherTask3: system(SystemType.Tss, Place.otherTask, 0x67, 3),
  shortTask: system(SystemType.Tss, Place.otherTask, 0x66),
  faultTask: system(SystemType.Tss, Place.faultTask, 0x67),
  absentTask: segment(SystemType.Tss, Place.otherTask, 0x67),
  task16: system(SystemType.Tss16, Place.task16, 0x2b),
  busyTask16: system(SystemType.BusyTss16, Place.task16, 0x2b),
  local: system(SystemType.Ldt, Place.ldt, 0xff),
  absentLocal: segment(SystemType.Ldt, Place.ldt, 0xff),
  taskGate: gate(SystemType.TaskGate, 0, 0),
  taskGate3: gate(SystemType.TaskGate, 0, 0, 3),
  absentTaskGate3: gate(SystemType.TaskGate, 0, 0, 3, 0, false),
  callGate0: gate(SystemType.CallGate, 8, Place.target),
  callGate3: gate(SystemType.CallGate, 8, Place.target, 3),
  callGateParameters: gate(SystemType.CallGate, 8, Place.target, 3, 3),
  callGate16: gate(SystemType.CallGate16, 8, Place.target, 3),
  callGate16Parameters: gate(SystemType.CallGate16, 8, Place.target, 3, 2),
  callGateTo1: gate(SystemType.CallGate, 0, Place.target, 3),
  callGateTo3: gate(SystemType.CallGate, 0, Place.target, 3),
  callGateToConforming: gate(SystemType.CallGate, 0, Place.target, 3),
  callGateToData: gate(SystemType.CallGate, 0, Place.target, 3),
  callGateToNull: gate(SystemType.CallGate, 0, Place.target, 3),
  callGateToAbsent: gate(SystemType.CallGate, 0, Place.target, 3),
  callGateBeyond: gate(SystemType.CallGate, 0, Place.target, 3),
  absentCallGate: gate(SystemType.CallGate, 8, Place.target, 3, 0, false),
  interruptGate: gate(SystemType.InterruptGate, 8, Place.target, 3),
  reserved: segment(8 | Attribute.Present | dpl(3)),
  code64: segment(CODE_ATTRIBUTES | Attribute.Granularity | Attribute.L),
  code64of3: segment(CODE_ATTRIBUTES | Attribute.Granularity | Attribute.L | dpl(3)),
  codeBoth: segment(CODE_ATTRIBUTES | FLAT | Attribute.L),
  longTask: system(SystemType.Tss, Place.longTask, 0x67),
  longTaskHigh: 0n,
  longGate: gate(SystemType.CallGate, 0, Place.target, 3),
  longGateHigh: 0n,
  longGateTo32: gate(SystemType.CallGate, 8, Place.target, 3),
  longGateTo32High: 0n,
  longLocal: system(SystemType.Ldt, Place.ldt, 0xff),
  longLocalHigh: 0n,
} as const;

/** A name of a descriptor. */
export type DescriptorName = keyof typeof GDT;
export const DESCRIPTOR_NAMES = Object.keys(GDT) as DescriptorName[];
export const GDT_BYTES = (DESCRIPTOR_NAMES.length + 1) * 8;

/** The selector of a descriptor, with a requested privilege level. */
export const selectorOf = (name: DescriptorName, rpl = 0): number => (DESCRIPTOR_NAMES.indexOf(name) + 1) * 8 + rpl;

/** Targets of the gates of the GDT that depend on selectors. */
const GATE_TARGETS: Partial<Record<DescriptorName, number>> = {
  taskGate: selectorOf('otherTask'),
  taskGate3: selectorOf('otherTask'),
  absentTaskGate3: selectorOf('otherTask'),
  callGateTo1: selectorOf('code1'),
  callGateTo3: selectorOf('code3'),
  callGateToConforming: selectorOf('conforming0'),
  callGateToData: selectorOf('data0'),
  callGateToAbsent: selectorOf('absentCode'),
  callGateBeyond: selectorOf('shortCode'),
  longGate: selectorOf('code64'),
};

/** A descriptor of the GDT. */
export const descriptorOf = (name: DescriptorName): bigint => GDT[name] | (BigInt(GATE_TARGETS[name] ?? 0) << 16n);

/** The LDT: null, then code and data of levels 0 and 3. */
export const LDT: readonly bigint[] = [0n, code(0), data(0), code(3), data(3)];
/** A selector of the LDT. */
export const localSelector = (index: number, rpl = 0): number => index * 8 + 4 + rpl;
