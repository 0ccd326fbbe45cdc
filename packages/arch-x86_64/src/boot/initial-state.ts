import { SegmentRegister } from '@qvm/isa-x86_64';
import { Attribute, CODE_ATTRIBUTES, DATA_ATTRIBUTES, SystemType } from '../state/attributes.js';
import { Cr0, Cr4, Efer, Flag } from '../state/control-bits.js';

/**
 * The hidden and visible parts of a segment register.
 *
 * @experimental
 */
export interface InitialSegment {
  /** Visible part: the selector, 16 bits. */
  readonly selector: number;
  /** Linear address of offset 0. */
  readonly base: number;
  /** Last valid offset, in bytes. */
  readonly limit: number;
  /** Bits of `Attribute`. */
  readonly attributes: number;
}

/**
 * The state in which the first vCPU begins, as far as it differs from the state after RESET. Plain data:
 * `applyInitialState` puts it into a vCPU.
 *
 * @experimental
 */
export interface InitialState {
  /** The mode of the processor; `reset` is the state after RESET itself. */
  readonly mode: 'reset' | 'real' | 'protected' | 'long';
  /** EIP or RIP: offset in CS, which begins at 0 in the modes `protected` and `long`. */
  readonly entry: number;
  /**
   * General registers, by their number in instructions (0 is RAX); the others are zero. In the mode `reset`
   * they have their values after RESET.
   */
  readonly registers: Readonly<Record<number, number>>;
  /** RFLAGS. */
  readonly rflags: number;
  /** CR0. */
  readonly cr0: number;
  /** CR3: guest-physical address of the page tables. */
  readonly cr3: number;
  /** CR4. */
  readonly cr4: number;
  /** IA32_EFER. */
  readonly efer: number;
  /** By `SegmentRegister`. */
  readonly segments: Readonly<Record<number, InitialSegment>>;
  /** The table of descriptors that the segments are from; limit 0: there is none. */
  readonly gdt: {
    /** Guest-physical address. */
    readonly base: number;
    /** Offset of the last byte. */
    readonly limit: number;
  };
}

/** Selectors that Linux' boot protocols ask for (Documentation/arch/x86/boot.rst). @experimental */
export const BootSelector = {
  /** Of CS. */
  code: 0x10,
  /** Of the other segment registers. */
  data: 0x18,
} as const;

const REAL_LIMIT = 0xffff;
const FLAT_LIMIT = 0xffff_ffff;
const FLAT = Attribute.Granularity;
const DATA: InitialSegment = {
  selector: BootSelector.data,
  base: 0,
  limit: FLAT_LIMIT,
  attributes: DATA_ATTRIBUTES | FLAT | Attribute.DB,
};
const code = (width: number): InitialSegment => ({
  selector: BootSelector.code,
  base: 0,
  limit: FLAT_LIMIT,
  attributes: CODE_ATTRIBUTES | FLAT | width,
});
const TASK: InitialSegment = {
  selector: 0,
  base: 0,
  limit: 0x67,
  attributes: Attribute.Present | SystemType.BusyTss,
};

const DATA_SEGMENTS = [
  ...[SegmentRegister.DS, SegmentRegister.ES, SegmentRegister.SS, SegmentRegister.FS, SegmentRegister.GS],
] as const;

const segments = (codeSegment: InitialSegment): InitialState['segments'] => ({
  [SegmentRegister.CS]: codeSegment,
  ...Object.fromEntries(DATA_SEGMENTS.map((name) => [name, DATA])),
  [SegmentRegister.TR]: TASK,
});

/** 32-bit protected mode with flat segments, paging and interrupts off. @experimental */
export function protectedState(
  entry: number,
  registers: InitialState['registers'],
  gdt: InitialState['gdt'],
): InitialState {
  return {
    mode: 'protected',
    entry,
    registers,
    rflags: Flag.Fixed,
    cr0: (Cr0.PE | Cr0.ET) >>> 0,
    cr3: 0,
    cr4: 0,
    efer: 0,
    segments: segments(code(Attribute.DB)),
    gdt,
  };
}

/**
 * 64-bit mode with flat segments, interrupts off.
 *
 * @param cr3 - guest-physical address of tables that map the lower memory to itself.
 * @experimental
 */
export function longState(
  entry: number,
  registers: InitialState['registers'],
  gdt: InitialState['gdt'],
  cr3: number,
): InitialState {
  return {
    mode: 'long',
    entry,
    registers,
    rflags: Flag.Fixed,
    cr0: (Cr0.PE | Cr0.ET | Cr0.PG) >>> 0,
    cr3,
    cr4: Cr4.PAE,
    efer: Efer.LME | Efer.LMA,
    segments: segments(code(Attribute.L)),
    gdt,
  };
}

/**
 * Real-address mode with interrupts off.
 *
 * @param code - CS, with IP 0.
 * @param data - the other segment registers.
 * @experimental
 */
export function realState(code: number, data: number, registers: InitialState['registers']): InitialState {
  const segment = (selector: number, attributes: number): InitialSegment => ({
    ...{ selector, base: selector * 16, limit: REAL_LIMIT, attributes },
  });
  return {
    mode: 'real',
    entry: 0,
    registers,
    rflags: Flag.Fixed,
    cr0: Cr0.ET,
    cr3: 0,
    cr4: 0,
    efer: 0,
    segments: {
      ...Object.fromEntries(DATA_SEGMENTS.map((name) => [name, segment(data, DATA_ATTRIBUTES)])),
      [SegmentRegister.CS]: segment(code, CODE_ATTRIBUTES),
    },
    gdt: { base: 0, limit: REAL_LIMIT },
  };
}

/** The state after RESET, for firmware at the reset vector. @experimental */
export const RESET_STATE: InitialState = {
  mode: 'reset',
  entry: 0xfff0,
  registers: {},
  rflags: Flag.Fixed,
  cr0: 0,
  cr3: 0,
  cr4: 0,
  efer: 0,
  segments: {},
  gdt: { base: 0, limit: 0 },
};
