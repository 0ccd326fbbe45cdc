import { SegmentRegister, State, Vector } from '@qvm/isa-x86_64';
import { descriptor, GDT, hex, HANDLERS, IDT, RING0_STACK, TSS } from '../machine-tests/machine-harness.test.helper.js';
import { CODE, PAGES } from '../machine-tests/machine-harness.test.helper.js';
import type { MachineHarness } from '../machine-tests/machine-harness.test.helper.js';
import { Attribute, CODE_ATTRIBUTES, DATA_ATTRIBUTES, SystemType } from '../state/attributes.js';
import { VIRTUAL_8086_ATTRIBUTES } from '../segments/load-segment.js';
import { Cr0, Cr4, Flag } from '../state/control-bits.js';
import { DATA, DATA_PAGES, FS_BASE, PAGE } from './random-instruction.test.helper.js';
import { RESUME } from './narrow-program.test.helper.js';
import type { NarrowPlace } from './narrow-program.test.helper.js';
import type { TierMode, TierSetup } from './tier-program.test.helper.js';

/** A mode of 16- or 32-bit code. */
export type NarrowMode = Exclude<TierMode, 'long'>;

/** Of real-address mode: base of the data. */
export const REAL_DATA = 0x5_0000;
/** Linear address below which stacks are, and the stack pointer. */
const [STACK_BASE, STACK_POINTER] = [0x6_0000, 0xf000];
/** Of real-address mode: offset of the handlers in the code segment. */
const REAL_HANDLERS = 0xc000;
/** Page-directory-pointer table of paging with PAE without long mode. */
const PAE_TABLE = 0x4000;
const WITH_ERROR = new Set<number>([Vector.DF, Vector.TS, Vector.NP, Vector.SS, Vector.GP, Vector.PF, Vector.AC]);
/** Selectors of the program's segments, without RPL, and of the handlers' segments. */
const [CS, SS, DS, ES, FS, GS, HANDLER_CODE, HANDLER_STACK] = [0x40, 0x48, 0x50, 0x58, 0x60, 0x68, 0x70, 0x78];
const LAST_SELECTOR = HANDLER_STACK;

const isFlat = (mode: NarrowMode): boolean => mode === 'flat32' || mode === 'compatibility32';
const bitsOf = (mode: NarrowMode): 16 | 32 => (mode.endsWith('32') ? 32 : 16);
const isCompatibility = (mode: NarrowMode): boolean => mode.startsWith('compatibility');

/** Whether segments of a mode are selectors times 16. */
export const hasRealSegments = (mode: TierMode): boolean => mode === 'real' || mode === 'virtual8086';

/** Flags that a mode needs. */
export const flagsOf = (mode: TierMode): number => (mode === 'virtual8086' ? Flag.VM | Flag.IOPL : 0);

/** Base of the code segment. */
export const codeBase = (mode: TierMode): number => (mode === 'long' || isFlat(mode) ? 0 : CODE);

/** The facts about its machine that a program needs. */
export function narrowPlace(mode: NarrowMode, cpl: number): NarrowPlace {
  const place = { bits: bitsOf(mode), data: isFlat(mode) ? DATA : 0 };
  if (hasRealSegments(mode)) return { ...place, code: CODE >>> 4, selectors: [0x5000, 0x5080, 0x5800] };
  return {
    ...place,
    code: CS | cpl,
    selectors: [DS, ES, FS, 0].map((selector) => (selector === 0 ? 0 : selector | cpl)),
  };
}

/** Starts a program of 16- or 32-bit code. `bytes` are at {@link CODE}. */
export function enterNarrow(machine: MachineHarness, { mode, cpl }: TierSetup, bytes: readonly number[]): void {
  // In compatibility mode, the processor is as in 64-bit mode, but for its segments.
  machine.enterLongMode(bytes, cpl);
  const narrow = mode as NarrowMode;
  if (narrow === 'real') enterReal(machine);
  else {
    if (!isCompatibility(narrow)) leaveLongMode(machine);
    loadSegments(machine, narrow, cpl);
    if (narrow === 'virtual8086') enterVirtual(machine);
  }
  const { state, vcpu } = machine;
  state.setGpr(4, BigInt(isFlat(narrow) ? STACK_BASE + STACK_POINTER : STACK_POINTER));
  vcpu.stateChanged();
  vcpu.processor.core.jump(CODE - codeBase(narrow));
}

function enterReal(machine: MachineHarness): void {
  const { state } = machine;
  state.setU64(State.cr0, BigInt(Cr0.NE | Cr0.ET));
  state.setU64(State.cr4, BigInt(Cr4.OSFXSR));
  state.setU64(State.efer, 0n);
  state.setU64(State.idtr, 0n);
  state.setU32(State.idtr + 8, 0x3ff);
  state.cpl = 0;
  loadRealSegments(machine, CODE_ATTRIBUTES, DATA_ATTRIBUTES);
}

/** Virtual-8086 mode with IOPL 3, in which no flag and no interrupt of the program traps. */
function enterVirtual(machine: MachineHarness): void {
  loadRealSegments(machine, VIRTUAL_8086_ATTRIBUTES, VIRTUAL_8086_ATTRIBUTES);
  machine.state.cpl = 3;
}

function loadRealSegments({ state }: MachineHarness, code: number, data: number): void {
  const load = (n: SegmentRegister, base: number, attributes = data): void =>
    state.setSegment(n, base >>> 4, base, 0xffff, attributes);
  load(SegmentRegister.CS, CODE, code);
  load(SegmentRegister.GS, CODE);
  load(SegmentRegister.SS, STACK_BASE);
  load(SegmentRegister.DS, REAL_DATA);
  load(SegmentRegister.ES, REAL_DATA + 0x8000);
  load(SegmentRegister.FS, REAL_DATA + 0x800);
}

function leaveLongMode(machine: MachineHarness): void {
  const { state } = machine;
  // The other entries are not present.
  machine.write64(PAE_TABLE, BigInt(PAGES) | 1n);
  state.setU64(State.pdpte, BigInt(PAGES) | 1n);
  state.setU64(State.cr0, BigInt((Cr0.PE | Cr0.PG | Cr0.WP | Cr0.NE | Cr0.ET) >>> 0));
  state.setU64(State.cr3, BigInt(PAE_TABLE));
  state.setU64(State.efer, 0n);
  // SS0 of the task's state segment of 32 bits.
  machine.write64(TSS + 4, BigInt(RING0_STACK) | (BigInt(HANDLER_STACK) << 32n));
}

function loadSegments(machine: MachineHarness, mode: NarrowMode, cpl: number): void {
  const { state } = machine;
  const user = cpl << 5;
  const size = bitsOf(mode) === 32 ? Attribute.DB : 0;
  const flat = isFlat(mode);
  const define = (selector: number, base: number, limit: number, attributes: number): void => {
    const granular = limit > 0xf_ffff ? Attribute.Granularity : 0;
    machine.write64(GDT + selector, descriptor(attributes | granular, base, granular ? limit >>> 12 : limit));
  };
  const load = (n: SegmentRegister, selector: number, base: number, limit: number, kind = DATA_ATTRIBUTES): void => {
    const attributes = kind | user | size;
    define(selector, base, limit, attributes);
    const granular = limit > 0xf_ffff ? Attribute.Granularity : 0;
    state.setSegment(n, selector | cpl, base, limit, attributes | granular);
  };
  const dataBytes = DATA_PAGES * PAGE;
  load(SegmentRegister.CS, CS, flat ? 0 : CODE, flat ? 0xffff_ffff : 0xffff, CODE_ATTRIBUTES);
  load(SegmentRegister.SS, SS, flat ? 0 : STACK_BASE, flat ? 0xffff_ffff : 0xffff);
  load(SegmentRegister.DS, DS, flat ? 0 : DATA, flat ? 0xffff_ffff : dataBytes - 1);
  load(SegmentRegister.ES, ES, flat ? 0 : DATA + PAGE, flat ? 0xffff_ffff : dataBytes - PAGE - 1);
  load(SegmentRegister.FS, FS, FS_BASE, dataBytes - 0x801);
  load(SegmentRegister.GS, GS, CODE, 0xffff);
  define(HANDLER_CODE, 0, 0xffff_ffff, CODE_ATTRIBUTES | Attribute.DB);
  define(HANDLER_STACK, 0, 0xffff_ffff, DATA_ATTRIBUTES | Attribute.DB);
  state.setU32(State.gdtr + 8, LAST_SELECTOR + 7);
}

/** How handlers of a mode do what all of them do, in machine code. */
interface HandlerCode {
  /** Logs the offset of the instruction that was interrupted. */
  readonly where: string;
  /** Continues where the program says. */
  readonly resume: string;
  /** Logs the number of the vector. */
  number(vector: number): string;
  /** Masks SSE exceptions. */
  readonly calmSse: string;
  /** Takes and logs an error code. */
  readonly error: string;
  /** An interrupt: logs the vector and the offset, and returns. */
  interrupt(vector: number): string;
}

const byte = (value: number): string => value.toString(16).padStart(2, '0');
const address = (value: number): string => [0, 8, 16, 24].map((shift) => byte((value >>> shift) & 255)).join(' ');

const number32 = (vector: number): string => `b8 ${address(vector)} e7 e9`;
const CODE_64: HandlerCode = {
  where: '8b 04 24 e7 e9', // mov eax, [rsp]; out 0xe9, eax
  resume: `8b 04 25 ${address(CODE + RESUME)} 48 89 04 24 48 cf`, // mov eax, [resume]; mov [rsp], rax; iretq
  number: number32,
  calmSse: '68 80 1f 00 00 0f ae 14 24 58',
  error: '58 e7 e9',
  interrupt: (vector) => `50 ${number32(vector)} 8b 44 24 08 e7 e9 58 48 cf`,
};
const CODE_32: HandlerCode = {
  where: '8b 04 24 e7 e9',
  resume: `2e a1 ${address(CODE + RESUME)} 89 04 24 cf`, // mov eax, [cs:resume]; mov [esp], eax; iret
  number: number32,
  calmSse: '68 80 1f 00 00 0f ae 14 24 58',
  error: '58 e7 e9',
  interrupt: (vector) => `50 ${number32(vector)} 8b 44 24 04 e7 e9 58 cf`,
};
const number16 = (vector: number): string => `b8 ${byte(vector)} 00 e7 e9`;
const CODE_16: HandlerCode = {
  where: '89 e5 8b 46 00 e7 e9', // mov bp, sp; mov ax, [bp]; out 0xe9, ax
  resume: `2e a1 00 ff 89 e5 89 46 00 cf`, // mov ax, [cs:resume]; mov bp, sp; mov [bp], ax; iret
  number: number16,
  calmSse: '6a 00 68 80 1f 89 e5 0f ae 56 00 58 58',
  error: '',
  interrupt: (vector) => `50 ${number16(vector)} 58 cf`,
};

/** Handlers of exceptions log the vector, the error code and the offset, and continue where the program says. */
export function installNarrowHandlers(
  machine: MachineHarness,
  mode: NarrowMode,
  interrupts: readonly number[],
  end: number,
): void {
  const code = mode === 'real' ? CODE_16 : isCompatibility(mode) ? CODE_64 : CODE_32;
  const install = (vector: number, text: string, dpl = 3): void => {
    if (mode === 'real') installReal(machine, vector, hex(text));
    else if (isCompatibility(mode)) machine.handler(vector, hex(text), { dpl });
    else installGate(machine, vector, hex(text), dpl);
  };
  for (let vector = 0; vector < 32; vector++) {
    const error = WITH_ERROR.has(vector) ? code.error : '';
    const calm = vector === Number(Vector.MF) ? 'db e3' : vector === Number(Vector.XM) ? code.calmSse : '';
    install(vector, `fc ${error} ${code.where} ${code.number(vector)} ${calm} ${code.resume}`);
  }
  for (const vector of interrupts) install(vector, code.interrupt(vector));
  install(end, 'f4');
}

function installReal(machine: MachineHarness, vector: number, code: readonly number[]): void {
  const offset = REAL_HANDLERS + vector * 64;
  machine.write(vector * 4, [offset & 255, offset >>> 8, (CODE >>> 4) & 255, CODE >>> 12]);
  machine.write(CODE + offset, code);
}

function installGate(machine: MachineHarness, vector: number, code: readonly number[], dpl: number): void {
  const at = HANDLERS + vector * 64;
  const attributes = Attribute.Present | (dpl << 5) | SystemType.InterruptGate;
  machine.write64(IDT + vector * 8, BigInt(at) | (BigInt(HANDLER_CODE) << 16n) | (BigInt(attributes) << 40n));
  machine.write(at, code);
}
