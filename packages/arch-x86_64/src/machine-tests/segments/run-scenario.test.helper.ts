import type { Engine } from '@qvm/core/architecture';
import type { RegionTuning, RegionTotals } from '@qvm/engine';
import { REGION_MINIMUM } from '@qvm/jit';
import { Gpr, SegmentRegister, State } from '@qvm/isa-x86_64';
import { CODE_ATTRIBUTES, DATA_ATTRIBUTES } from '../../state/attributes.js';
import { MachineHarness } from '../machine-harness.test.helper.js';
import { changes, GENERAL_NAMES, lineOf, SEGMENT_NAMES, segmentText } from './record.test.helper.js';
import type { End } from './record.test.helper.js';
import { entryOf, FLAGS, imageOf } from './scenario.test.helper.js';
import type { Scenario, Start } from './scenario.test.helper.js';
import { GDT_BYTES, IMAGE_BYTES, Place } from './tables.test.helper.js';

/** Instructions in which a scenario comes to its end, a loop. Regions are entered while REGION_MINIMUM more are left. */
const BUDGET = 64;
const GENERAL: Readonly<Record<(typeof GENERAL_NAMES)[number], Gpr>> = {
  ...{ AX: Gpr.RAX, BX: Gpr.RBX, CX: Gpr.RCX, DX: Gpr.RDX, SI: Gpr.RSI, DI: Gpr.RDI, BP: Gpr.RBP, SP: Gpr.RSP },
};
const PAGE_BYTES = 0x1000;
const USER = 3 << 5;
const RF = 0x1_0000;
/** Bits of EFLAGS that are always 0. */
const NOT_FLAGS = 0xffc0_8028;
/** CR0, CR4 and EFER of a start: caches are off, as after RESET. */
const CONTROLS: Readonly<Record<Start['mode'], readonly [cr0: bigint, cr4: bigint, efer: bigint]>> = {
  real: [0x6000_0010n, 0n, 0n],
  protected: [0x6000_0011n, 0n, 0n],
  virtual: [0x6000_0011n, 0n, 0n],
  long: [0xe000_0011n, 0x20n, 0xd01n],
};
const IDT_LIMITS: Readonly<Record<Start['mode'], number>> = {
  real: 0x3ff,
  protected: 0x7ff,
  virtual: 0x7ff,
  long: 0xfff,
};

/**
 * Place of instructions before those of a scenario, NOPs and a jump to them: a region does not begin with an
 * instruction that leaves it, as most of a scenario do. They are more than {@link OFTEN} has between two samples.
 */
const LEAD_IN_AT = 0x68;
const NOPS = 16;
const LEAD_IN = [...Array.from({ length: NOPS }, () => 0x90), 0xeb, 0x100 - LEAD_IN_AT - NOPS - 2] as const;

/** Samples so often that the few instructions of a scenario are translated. */
const OFTEN: RegionTuning = {
  ...{ hot: 1, hotter: 2, batch: 1, patience: 1, interval: 8, rest: 1, modules: 8192, background: false },
};

/** A machine that runs scenarios one after the other. */
export class ScenarioMachine {
  readonly #machine: MachineHarness;

  /** @param leadIn - whether a scenario is entered by way of {@link LEAD_IN}. */
  constructor(
    engine: Engine = 'interp',
    private readonly leadIn = false,
  ) {
    this.#machine = new MachineHarness(1, engine, { tuning: OFTEN });
  }

  /** Counts of the instructions that have run in regions. */
  get regionTotals(): RegionTotals {
    return this.#machine.vcpu.regionTotals;
  }

  /** The registers with which a scenario begins. */
  start(scenario: Scenario): End {
    return endOf(this.#machine, this.#enter(scenario));
  }

  /** Runs a scenario; returns its end as a line of the record. */
  run(scenario: Scenario): string {
    const machine = this.#machine;
    const image = this.#enter(scenario);
    const start = endOf(machine, image);
    if (this.leadIn) machine.vcpu.processor.core.jump(scenario.start.eip + LEAD_IN_AT);
    machine.run(this.leadIn ? REGION_MINIMUM + BUDGET : BUDGET);
    if (machine.requests.some(({ kind }) => kind === 'reset')) return 'shutdown';
    if (machine.requests.length > 0) return JSON.stringify(machine.requests);
    return lineOf(endOf(machine, image), start);
  }

  #enter(scenario: Scenario): Uint8Array<ArrayBuffer> {
    const machine = this.#machine;
    machine.vcpu.reset();
    machine.requests.length = 0;
    const image = imageOf(scenario);
    if (scenario.code.length > LEAD_IN_AT) throw new Error(`${scenario.name} has no room for the lead-in`);
    if (this.leadIn) image.set(LEAD_IN, entryOf(scenario.start) + LEAD_IN_AT);
    this.#restore(image);
    enter(machine, scenario.start, image);
    return image;
  }

  /**
   * Writes the pages of an image that differ, as new pages: code that is written in many bursts is not translated. The
   * code of the others stays translated.
   */
  #restore(image: Uint8Array): void {
    const { memory, ram, machine } = this.#machine;
    for (let page = 0; page < IMAGE_BYTES; page += PAGE_BYTES) {
      const present = memory.u8.subarray(ram.offset + page, ram.offset + page + PAGE_BYTES);
      const wanted = image.subarray(page, page + PAGE_BYTES);
      if (Buffer.compare(present, wanted) === 0) continue;
      machine.mappingChanged(page, PAGE_BYTES);
      this.#machine.write(page, wanted);
    }
  }
}

function endOf({ state, vcpu, ram, memory }: MachineHarness, image: Uint8Array): End {
  const hexadecimal = (value: number | bigint): string => value.toString(16);
  const segment = (n: SegmentRegister): string => {
    const numbers = [state.selector(n), state.base(n), state.limit(n), state.attributes(n) << 8] as const;
    return segmentText(...(numbers.map(hexadecimal) as [string, string, string, string]));
  };
  return new Map([
    ['IP', hexadecimal(BigInt.asUintN(64, BigInt(vcpu.processor.core.rip)))],
    ['FL', hexadecimal(state.rflags)],
    ...GENERAL_NAMES.map((name) => [name, hexadecimal(state.gpr(GENERAL[name]))] as const),
    ['CPL', hexadecimal(state.cpl)],
    ['CR0', hexadecimal(state.u32(State.cr0))],
    ...SEGMENT_NAMES.map((name, n) => [name, segment(n)] as const),
    ['memory', changes(image, withoutResumeFlag(memory.u8.slice(ram.offset, ram.offset + IMAGE_BYTES)))],
  ]);
}

/** Clears RF in all saved flags: faults save it as 1 (SDM vol. 3, 17.3.1.1), but not in QEMU 7.2. */
function withoutResumeFlag(memory: Uint8Array<ArrayBuffer>): Uint8Array {
  const words = new Uint32Array(memory.buffer, Place.task, (Place.code - Place.task) / 4);
  words.forEach((word, n) => {
    if ((word & RF) !== 0 && (word & NOT_FLAGS) === 0 && (word & FLAGS) !== 0) words[n] = word & ~RF;
  });
  return memory;
}

function enter(machine: MachineHarness, start: Start, image: Uint8Array<ArrayBuffer>): void {
  const { state, vcpu } = machine;
  const [cr0, cr4, efer] = CONTROLS[start.mode];
  state.setU64(State.cr0, cr0);
  state.setU64(State.cr4, cr4);
  state.setU64(State.efer, efer);
  state.setU64(State.cr3, BigInt(start.mode === 'long' ? Place.pages : 0));
  state.setU64(State.gdtr, BigInt(Place.gdt));
  state.setU32(State.gdtr + 8, GDT_BYTES - 1);
  state.setU64(State.idtr, BigInt(Place.idt));
  state.setU32(State.idtr + 8, IDT_LIMITS[start.mode]);
  state.rflags = start.eflags;
  const [es, ds, fs, gs] = start.data;
  const selectors = [es, start.cs, start.ss, ds, fs, gs];
  selectors.forEach((selector, n) => enterSegment(machine, n, selector, start.mode, image));
  const tables = [start.ldtr, start.tr] as const;
  if (start.mode !== 'real')
    tables.forEach((selector, n) => enterSegment(machine, SegmentRegister.LDTR + n, selector, 'protected', image));
  state.cpl = start.mode === 'virtual' ? 3 : start.mode === 'real' ? 0 : start.cs & 3;
  const [eax, ecx, edx, ebx] = start.general;
  for (const [register, value] of [
    [Gpr.RAX, eax],
    [Gpr.RCX, ecx],
    [Gpr.RDX, edx],
    [Gpr.RBX, ebx],
  ] as const)
    state.setGpr32(register, value);
  state.setGpr32(Gpr.RSP, start.esp);
  vcpu.stateChanged();
  vcpu.start();
  vcpu.processor.core.jump(start.eip);
}

/** Gives a segment register the segment of its selector: that of the mode, or of the descriptor (SDM vol. 3, 3.4.5). */
function enterSegment(
  { state }: MachineHarness,
  register: SegmentRegister,
  selector: number,
  mode: Start['mode'],
  image: Uint8Array<ArrayBuffer>,
): void {
  if (mode === 'real' || mode === 'virtual') {
    const attributes = mode === 'virtual' ? DATA_ATTRIBUTES | USER : DATA_ATTRIBUTES;
    const isCode = register === SegmentRegister.CS && mode === 'real';
    state.setSegment(register, selector, selector << 4, 0xffff, isCode ? CODE_ATTRIBUTES : attributes);
    return;
  }
  if ((selector & ~3) === 0) return;
  const view = new DataView(image.buffer);
  const at = Place.gdt + (selector & ~7);
  const [lo, hi] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
  const base = ((lo >>> 16) | ((hi & 0xff) << 16) | (hi & 0xff00_0000)) >>> 0;
  const limit = (lo & 0xffff) | (hi & 0xf_0000);
  const scaled = hi & 0x80_0000 ? ((limit << 12) | 0xfff) >>> 0 : limit;
  state.setSegment(register, selector, base, scaled, (hi >>> 8) & 0xf0ff);
}
