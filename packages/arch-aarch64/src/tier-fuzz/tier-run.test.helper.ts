import type { Engine } from '@qvm/core/architecture';
import { State } from '@qvm/isa-aarch64';
import {
  CODE,
  DATA,
  MachineHarness,
  TABLES,
  goToEl0,
  log,
  BACK_TO_EL1,
} from '../machine-tests/machine-harness.test.helper.js';
import type { Taken } from '../machine-tests/machine-harness.test.helper.js';
import {
  Attr,
  KERNEL,
  PageTables,
  SHARED_CODE,
  SHARED_DATA,
  mapCode,
  mmuOn,
  tcr,
} from '../machine-tests/page-tables.test.helper.js';
import { Random } from '@qvm/isa-testing';
import type { TierRun } from '@qvm/isa-testing';
import type { RegionTuning } from '@qvm/engine';
import { ADDRESSES, baseLines, Reg } from './straight-code.test.helper.js';
import type { TierProgram, TierSetup } from './tier-program.test.helper.js';

/** The outcome of a program. Two runs of it must agree in all of it. */
export interface TierOutcome {
  readonly registers: Readonly<Record<string, bigint>>;
  readonly vectors: readonly bigint[];
  readonly fpcr: number;
  readonly fpsr: number;
  readonly exceptions: readonly Taken[];
  readonly log: readonly bigint[];
  readonly instructions: number;
  /** Virtual time in nanoseconds. */
  readonly time: number;
  readonly exit: string;
  readonly code: Uint8Array;
  readonly data: Uint8Array;
}

/** Pages of data that are not plain memory. */
const PAGES = { readOnly: 4, hole: 5, device: 6 } as const;
const DATA_PAGES = 8;
/** The window page, which maps one of two pages of code, and its descriptor, whose bit 12 selects the page. */
export const WINDOW = DATA + 9 * 4096;
export const WINDOW_DESCRIPTOR = TABLES + 3 * 4096 + 9 * 8;
const PAGE = 4096;
const CODE_BYTES = 0x2_0000;

/** Runs a program in one engine. */
export async function runProgram(
  program: TierProgram,
  engine: Engine,
  tuning: RegionTuning | undefined,
  limit: number,
): Promise<TierRun<TierOutcome>> {
  const machine = await bootProgram(program, engine, tuning);
  runFor(machine, program.setup, limit);
  return { outcome: outcomeOf(machine), instructions: machine.vm.instructions, ...regionsOf(machine) };
}

/** A machine with a program that has not started. */
export async function bootProgram(
  program: TierProgram,
  engine: Engine,
  tuning?: RegionTuning,
): Promise<MachineHarness> {
  const { setup } = program;
  const machine = await MachineHarness.boot(sourceOf(program), {
    engine,
    codePages: setup.codePages,
    symbols: { shown: BigInt(WINDOW), descriptor: BigInt(WINDOW_DESCRIPTOR) },
    vectors: { 0x280: timerVector(setup, 5), 0x480: timerVector(setup, 9) },
    ...(tuning && { tuning }),
  });
  if (setup.mmu) mapMemory(machine, setup);
  machine.vm.guestMemory.write(DATA, randomData(setup.seed));
  return machine;
}

/** Runs a program for at most `limit` instructions. */
export function runFor(machine: MachineHarness, setup: TierSetup, limit: number): void {
  for (let left = limit, turns = 0; left > 0 && turns < limit; turns++) {
    const before = machine.vm.instructions;
    const step = machine.vm.step(Math.min(left, setup.step));
    if (step.kind === 'ended') machine.exit = step.exit;
    if (step.kind !== 'ran') break;
    left -= machine.vm.instructions - before;
  }
}

function regionsOf({ vm, vcpus }: MachineHarness): { translated: number; inlined: number } {
  const { regions } = vm.machine.stats() as { regions: { inlined: number } | null };
  return { translated: vcpus[0]?.regionTotals.instructions ?? 0, inlined: regions?.inlined ?? 0 };
}

export function outcomeOf(machine: MachineHarness): TierOutcome {
  const { vm, exceptions, log: logged, exit } = machine;
  const [vcpu] = machine.vcpus;
  if (vcpu === undefined) throw new Error('the machine has no vCPU');
  const { state } = vcpu;
  return {
    registers: vcpu.registers(),
    vectors: Array.from({ length: 64 }, (_, i) => state.u64(State.v + i * 8)),
    fpcr: state.u32(State.fpcr),
    fpsr: state.u32(State.fpsr),
    exceptions,
    log: logged,
    instructions: vm.instructions,
    time: vm.stats().time,
    exit: JSON.stringify(exit ?? null),
    code: vm.guestMemory.view(CODE, CODE_BYTES).slice(),
    data: vm.guestMemory.view(DATA, DATA_PAGES * PAGE).slice(),
  };
}

/** The program with its setup before it and its vectors after it. */
function sourceOf({ setup, lines }: TierProgram): string {
  return [
    'mov x0, #0x300000\n msr cpacr_el1, x0\n mov x0, #3\n msr cntkctl_el1, x0\n isb',
    setup.timer > 0 ? timerOn(setup) : '',
    setup.mmu ? mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) }) : '',
    `ldr ${Reg.origin}, =${DATA}`,
    ...ADDRESSES.flatMap(([register, offset]) => baseLines(register, offset)),
    ...baseLines(31, 0x3000).map((line) => line.replaceAll('x31', 'sp')),
    `add ${Reg.links}, ${Reg.origin}, #${DATA_PAGES}, lsl #12`,
    `adr x${Reg.code}, body`,
    ...Array.from({ length: 32 }, (_, n) => `.inst 0x${(0x3dc0_0000 | (n << 10) | (28 << 5) | n).toString(16)}`),
    ...Array.from({ length: 16 }, (_, n) => `ldr x${n}, [${Reg.origin}, #${n * 8}]`),
    'adr x30, end',
    setup.el === 0 ? goToEl0() : setup.timer > 0 ? 'msr daifclr, #2' : '',
    'body:',
    ...lines,
    setup.el === 0 ? BACK_TO_EL1 : 'msr daifset, #2',
    log(0),
  ].join('\n');
}

const GICD = 0x0800_0000;
const GICR = 0x080a_0000;
const VIRTUAL_TIMER = 27;

/** Unmasks the virtual timer's interrupt and starts the timer. */
function timerOn({ timer }: TierSetup): string {
  return `ldr x20, =${GICD}\n mov w21, #0x12\n str w21, [x20]
    ldr x22, =${GICR}\n str wzr, [x22, #0x14]\n add x22, x22, #0x10, lsl #12\n mov w21, #-1\n str w21, [x22, #0x80]
    mov w21, #0x80\n strb w21, [x22, #${0x400 + VIRTUAL_TIMER}]\n ldr w21, =${1 << VIRTUAL_TIMER}\n str w21, [x22, #0x100]
    mov x21, #1\n msr icc_sre_el1, x21\n msr icc_igrpen1_el1, x21\n mov x21, #0xff\n msr icc_pmr_el1, x21\n isb
    mov x21, #${timer}\n msr cntv_tval_el0, x21\n mov x21, #1\n msr cntv_ctl_el0, x21\n`;
}

/** Reports the interrupt as exception `number` and starts the timer again. */
function timerVector({ timer }: TierSetup, number: number): string {
  return `msr tpidr_el1, x10\n mrs x10, icc_iar1_el1\n msr icc_eoir1_el1, x10\n mov x10, #${timer}\n msr cntv_tval_el0, x10
    mrs x10, tpidr_el1\n hvc #${0x200 + number}\n eret\n`;
}

function mapMemory(machine: MachineHarness, { el }: TierSetup): void {
  const tables = new PageTables(machine);
  const [data, code] = el === 0 ? [SHARED_DATA, SHARED_CODE] : [KERNEL, KERNEL];
  mapCode(tables, 12, code);
  tables.map(BigInt(TABLES), TABLES, 2, KERNEL);
  const window = machine.labels.get('window');
  if (window !== undefined) tables.map(BigInt(WINDOW), Number(window), 3, code);
  for (let page = 0; page <= DATA_PAGES; page++) {
    if (page === PAGES.hole) continue;
    const attributes =
      page === PAGES.readOnly
        ? data | Attr.readOnly
        : page === PAGES.device
          ? (data & ~Attr.inner) | Attr.device
          : data;
    tables.map(BigInt(DATA + page * PAGE), DATA + page * PAGE, 3, attributes);
  }
}

/** Random bytes, among them many small numbers and floating-point values. */
function randomData(seed: number): Uint8Array {
  const random = new Random(seed);
  const bytes = new Uint8Array(5 * PAGE);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 8) {
    const kind = random.below(4);
    if (kind === 0) view.setBigUint64(at, BigInt(random.below(64)), true);
    else if (kind === 1) view.setFloat64(at, (random.u32() - 0x8000_0000) / 2 ** random.below(40), true);
    else view.setBigUint64(at, random.u64(), true);
  }
  return bytes;
}
