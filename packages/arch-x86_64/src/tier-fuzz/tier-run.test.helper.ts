import { setImmediate } from 'node:timers/promises';
import type { Engine } from '@qvm/core/architecture';
import { VcpuExit } from '@qvm/core/architecture';
import type { RegionTuning } from '@qvm/engine';
import { Random } from '@qvm/isa-testing';
import type { TierRun } from '@qvm/isa-testing';
import { SegmentRegister, State, Vector } from '@qvm/isa-x86_64';
import { Attribute, DATA_ATTRIBUTES } from '../state/attributes.js';
import { Cr4, Flag } from '../state/control-bits.js';
import { x86ModelOf } from '../system/cpu-model.js';
import { CODE, hex, MachineHarness, PAGES } from '../machine-tests/machine-harness.test.helper.js';
import { assemble } from './assemble.test.helper.js';
import {
  DATA,
  DATA_PAGES,
  FS_BASE,
  HOLE,
  PAGE,
  PLAIN_PAGES,
  READ_ONLY_PAGE,
  Reg,
} from './random-instruction.test.helper.js';
import { END_VECTOR, WINDOW_ENTRY } from './random-program.test.helper.js';
import { CODE_TABLE, DATA_TABLE, mapOnDemand, unmapPages } from './demand-paging.test.helper.js';
import {
  codeBase,
  flagsOf,
  hasRealSegments,
  enterNarrow,
  installNarrowHandlers,
  narrowPlace,
  REAL_DATA,
} from './narrow-machine.test.helper.js';
import type { TierProgram, TierSetup } from './tier-program.test.helper.js';

/** The outcome of a program. Two runs of it must agree in all of it. */
export interface TierOutcome {
  readonly registers: readonly bigint[];
  readonly rflags: number;
  readonly cr2: bigint;
  readonly vectors: Uint8Array;
  readonly x87: Uint8Array;
  readonly mxcsr: number;
  /** Vectors of exceptions and interrupts, with error codes and RIP. */
  readonly log: readonly number[];
  readonly instructions: number;
  readonly exit: string;
  readonly code: Uint8Array;
  readonly data: Uint8Array;
  /** Data of programs with segments of real-address mode. */
  readonly realData: Uint8Array;
}

const MODEL = x86ModelOf('max');
const CODE_BYTES = 0x8000;
/** Vectors of `int` and of external interrupts. */
const [SOFTWARE, INTERRUPT] = [0x40, 0x50];
const FS_ATTRIBUTES = DATA_ATTRIBUTES | Attribute.Granularity | Attribute.DB | (3 << 5);
const USER_PAGE = 7n;
const READ_ONLY = 5n;
const WITH_ERROR = new Set<number>([Vector.DF, Vector.TS, Vector.NP, Vector.SS, Vector.GP, Vector.PF, Vector.AC]);
/** x87, SSE and AVX in XCR0. */
const ALL_COMPONENTS = 7n;
/** Logged events of a run; after that it is cut off. */
const EVENTS = 5000;

/** Runs a program in one engine. */
export async function runProgram(
  program: TierProgram,
  engine: Engine,
  tuning: RegionTuning | undefined,
  limit: number,
): Promise<TierRun<TierOutcome>> {
  const machine = bootProgram(program, engine, tuning);
  const exit = await runFor(machine, program.setup, limit, tuning?.background === true);
  const { regions } = machine.machine.stats() as { regions: { inlined: number } | null };
  return {
    outcome: outcomeOf(machine, exit),
    instructions: machine.vcpu.instructions,
    translated: machine.vcpu.regionTotals.instructions,
    inlined: regions?.inlined ?? 0,
  };
}

/** A machine with a program that has not started. */
export function bootProgram({ setup, lines }: TierProgram, engine: Engine, tuning?: RegionTuning): MachineHarness {
  const machine = new MachineHarness(1, engine, {
    model: MODEL,
    ...(tuning && { tuning }),
    codePages: setup.codePages,
  });
  const { mode } = setup;
  const { bytes, labels } = assemble(lines, CODE, codeBase(mode));
  mapMemory(machine, labels.get('window:'));
  if (setup.demand) mapByPages(machine);
  if (mode === 'long') installHandlers(machine, setup.demand);
  else installNarrowHandlers(machine, mode, [SOFTWARE, INTERRUPT], END_VECTOR);
  machine.write(hasRealSegments(mode) ? REAL_DATA : DATA, randomData(setup.seed));
  if (mode === 'long') machine.enterLongMode(bytes, setup.cpl);
  else enterNarrow(machine, setup, bytes);
  const { state, vcpu } = machine;
  state.setU64(State.cr4, state.u64(State.cr4) | BigInt(Cr4.OSXSAVE));
  state.setU64(State.xcr0, ALL_COMPONENTS);
  if (mode === 'long') state.setSegment(SegmentRegister.FS, 0, FS_BASE, 0xffff_ffff, FS_ATTRIBUTES);
  const random = new Random(setup.seed);
  for (let n = 0; n < 16; n++)
    if (n !== Reg.stack)
      state.setGpr(
        n,
        BigInt.asUintN(mode === 'long' ? 64 : 32, random.chance(0.5) ? random.u64() : BigInt(random.below(100))),
      );
  if (mode === 'long') {
    state.setGpr(Reg.data, BigInt(DATA));
    state.setGpr(Reg.index, 5n);
  }
  state.setGpr(Reg.pointer, BigInt((mode === 'long' ? DATA : narrowPlace(mode, setup.cpl).data) + 0x1800));
  for (let i = 0; i < 16; i++) state.setU64(State.vector + i * 32, random.u64());
  for (let i = 0; i < 16; i++) state.setU64(State.vector + i * 32 + 8, random.u64());
  state.rflags = Flag.Fixed | flagsOf(mode) | (setup.interrupts > 0 ? Flag.IF : 0);
  vcpu.apic.write(0xf0, 4, 0x1ff);
  vcpu.stateChanged();
  return machine;
}

/**
 * Runs a program for at most `limit` instructions, and says how it ended.
 *
 * @param waits - whether background threads get time between two steps.
 */
export async function runFor(
  machine: MachineHarness,
  { interrupts, step, seed }: TierSetup,
  limit: number,
  waits: boolean,
): Promise<string> {
  const { vcpu } = machine;
  const random = new Random(seed);
  for (let turns = 1; vcpu.instructions < limit && machine.log.length < EVENTS; turns++) {
    if (waits) await setImmediate();
    const exit = machine.run(Math.min(random.between(1, 2 * step), limit - vcpu.instructions));
    if (machine.requests.length > 0 || exit === VcpuExit.Halted)
      return `${VcpuExit[exit]} ${JSON.stringify(machine.requests)}`;
    if (interrupts > 0 && turns % interrupts === 0) {
      vcpu.apic.endOfInterrupt();
      vcpu.apic.sendToSelf(INTERRUPT);
    }
  }
  return 'limit';
}

export function outcomeOf({ state, vcpu, log, memory, ram }: MachineHarness, exit: string): TierOutcome {
  const bytes = (offset: number, size: number): Uint8Array =>
    memory.u8.slice(state.address + offset, state.address + offset + size);
  const at = (address: number, size: number): Uint8Array =>
    memory.u8.slice(ram.offset + address, ram.offset + address + size);
  return {
    registers: Array.from({ length: 16 }, (_, n) => state.gpr(n)),
    rflags: state.rflags,
    cr2: state.u64(State.cr2),
    vectors: bytes(State.vector, 16 * 32),
    x87: bytes(State.x87, 8 * 16 + 12),
    mxcsr: state.u32(State.mxcsr),
    log: [...log],
    instructions: vcpu.instructions,
    exit,
    code: at(CODE, CODE_BYTES),
    data: at(DATA, DATA_PAGES * PAGE),
    realData: at(REAL_DATA, DATA_PAGES * PAGE),
  };
}

/** Maps the second 2 MiB by pages of 4 KiB: data, and the window to a page of code. */
function mapMemory(machine: MachineHarness, window: number | undefined): void {
  machine.write64(PAGES + 8, BigInt(DATA_TABLE) | USER_PAGE);
  for (let page = 0; page < DATA_PAGES; page++) {
    if (page === HOLE) continue;
    const attributes = page === READ_ONLY_PAGE ? READ_ONLY : USER_PAGE;
    machine.write64(DATA_TABLE + page * 8, BigInt(DATA + page * PAGE) | attributes);
  }
  if (window !== undefined) machine.write64(WINDOW_ENTRY, BigInt(window) | USER_PAGE);
}

/** Maps the first 2 MiB by pages of 4 KiB, of which each can be taken away. */
function mapByPages(machine: MachineHarness): void {
  machine.write64(PAGES, BigInt(CODE_TABLE) | USER_PAGE);
  for (let page = 0; page < 512; page++) machine.write64(CODE_TABLE + page * 8, BigInt(page * PAGE) | USER_PAGE);
}

/** Handlers log the vector, the error code, RIP, and continue where the program says; interrupts return. */
function installHandlers(machine: MachineHarness, demand: boolean): void {
  // A long handler takes the place of the next one: that of page faults, of a vector that does not exist.
  for (let vector = 31; vector >= 0; vector--) {
    const resume = '4c 89 1c 24 48 cf'; // mov [rsp], r11; iretq
    const error = WITH_ERROR.has(vector) ? '58 e7 e9' : ''; // pop rax; out 0xe9, eax
    const where = '8b 04 24 e7 e9'; // mov eax, [rsp]; out 0xe9, eax
    const number = `b8 ${vector.toString(16).padStart(2, '0')} 00 00 00 e7 e9`;
    // x87 and SSE exceptions would come again: fninit; push 0x1f80; ldmxcsr [rsp]; pop rax
    const calm =
      vector === Number(Vector.MF) ? 'db e3' : vector === Number(Vector.XM) ? '68 80 1f 00 00 0f ae 14 24 58' : '';
    const all = `fc ${error} ${where} ${number} ${calm} ${resume}`;
    machine.handler(vector, hex(demand && vector === Number(Vector.PF) ? mapOnDemand(all) : all), { dpl: 3 });
  }
  // push rax; mov eax, vector; out 0xe9, eax; pop rax; iretq
  machine.handler(SOFTWARE, hex('50 b8 40 00 00 00 e7 e9 58 48 cf'), { dpl: 3 });
  machine.handler(INTERRUPT, hex(`50 b8 50 00 00 00 e7 e9 8b 44 24 08 e7 e9 ${demand ? unmapPages : ''} 58 48 cf`));
  machine.handler(END_VECTOR, hex('f4'), { dpl: 3 });
}

/** Random bytes, among them many small numbers and floating-point values. */
function randomData(seed: number): number[] {
  const random = new Random(seed);
  const view = new DataView(new ArrayBuffer(PLAIN_PAGES * PAGE));
  for (let at = 0; at < view.byteLength; at += 8) {
    const kind = random.below(4);
    if (kind === 0) view.setBigUint64(at, BigInt(random.below(64)), true);
    else if (kind === 1) view.setFloat64(at, (random.u32() - 0x8000_0000) / 2 ** random.below(40), true);
    else if (kind === 2) view.setFloat32(at, random.u32() / 2 ** random.below(40), true);
    else view.setBigUint64(at, random.u64(), true);
  }
  return [...new Uint8Array(view.buffer)];
}
