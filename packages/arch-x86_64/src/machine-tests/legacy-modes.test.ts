import { State, Vector } from '@qvm/isa-x86_64';
import { assemble } from '../tier-fuzz/assemble.test.helper.js';
import { number } from '../tier-fuzz/narrow-instruction.test.helper.js';
import {
  codeBase,
  enterNarrow,
  installNarrowHandlers,
  narrowPlace,
  REAL_DATA,
} from '../tier-fuzz/narrow-machine.test.helper.js';
import type { NarrowMode } from '../tier-fuzz/narrow-machine.test.helper.js';
import { RESUME } from '../tier-fuzz/narrow-program.test.helper.js';
import { DATA } from '../tier-fuzz/random-instruction.test.helper.js';
import { TIER_MODES } from '../tier-fuzz/tier-program.test.helper.js';
import { CODE, MachineHarness } from './machine-harness.test.helper.js';

/*
 * Exceptions of 16- and 32-bit code: debug exceptions (SDM vol. 3, 17.3.1), NMI (6.7.1), BOUND and INTO (vol. 2), and the x87
 * environment. Handlers log the offset that they find in their frame, then the vector, and continue at the label "resume".
 */

const MODES = TIER_MODES.filter((mode): mode is NarrowMode => mode !== 'long' && mode !== 'virtual8086');
const ENGINES = ['interp', 'wasm'] as const;
const END = 0x41;
/** Offset of the operand in the data. */
const OPERAND = 0x100;

/** A machine with a program; the offsets of its labels. */
interface Bench {
  readonly machine: MachineHarness;
  at(label: string): number;
}

/** The parts of programs that depend on the mode. */
interface Words {
  /** mov eax, value, of 32 bits */
  load(value: number): string;
  /** ModRM and what follows, of the operand in DS, with an extension or register. */
  operand(reg: number): string;
  /** Linear address of the operand. */
  readonly linear: number;
}

function wordsOf(mode: NarrowMode): Words {
  const { bits, data } = narrowPlace(mode, 0);
  return {
    load: (value) => `${bits === 16 ? '66 ' : ''}b8 ${number(value, 32)}`,
    operand: (reg) => `${number((reg << 3) | (bits === 16 ? 6 : 5), 8)} ${number(data + OPERAND, bits)}`,
    linear: (mode === 'real' ? REAL_DATA : DATA) + OPERAND,
  };
}

/** @param returning - vectors whose handlers log the vector, and return. */
function start(
  engine: 'interp' | 'wasm',
  mode: NarrowMode,
  lines: readonly string[],
  returning: readonly number[] = [],
): Bench {
  const machine = new MachineHarness(1, engine);
  const base = codeBase(mode);
  const { bytes, labels } = assemble([...lines, 'resume:', `cd ${number(END, 8)}`], CODE, base);
  installNarrowHandlers(machine, mode, returning, END);
  const setup = { mode, cpl: 0, interrupts: 0, demand: false, seed: 0, step: 0, codePages: 64 } as const;
  enterNarrow(machine, setup, bytes);
  const at = (label: string): number => (labels.get(`${label}:`) as number) - base;
  machine.write64(CODE + RESUME, BigInt(at('resume')));
  return { machine, at };
}

const dr6 = ({ state }: MachineHarness): number => state.u32(State.dr + 6 * 8) & 0xe00f;

describe.each(ENGINES.flatMap((engine) => MODES.map((mode) => [engine, mode] as const)))('%s, %s', (engine, mode) => {
  const { load, operand, linear } = wordsOf(mode);

  it('has single steps from the instruction after POPF on', () => {
    // pushf; pop ax; or ah, 1; push ax; popf; nop; nop; nop
    const { machine } = start(engine, mode, ['9c 58 80 cc 01 50 9d', '90 90 90'], [Vector.DB]);
    machine.run();
    expect(machine.log.filter((value) => value === Number(Vector.DB))).toEqual([1, 1, 1]);
    expect(dr6(machine)).toBe(0x4000);
  });

  it('has breakpoints on instructions, at linear addresses', () => {
    const offset = 0x40;
    const { machine, at } = start(engine, mode, [
      `${load(CODE + offset)} 0f 23 d0`, // mov dr2, eax
      `${load(0x10)} 0f 23 f8`, // mov dr7, eax: L2
      `align ${0x1_0000} ${0x1_0000 - offset}`,
      'target:',
      '40', // inc ax
    ]);
    machine.run();
    expect([machine.log, dr6(machine)]).toEqual([[at('target'), Vector.DB], 4]);
  });

  it('has breakpoints on data that is written', () => {
    const { machine, at } = start(engine, mode, [
      `${load(linear)} 0f 23 c8`, // mov dr1, eax
      `${load(0x0050_0004)} 0f 23 f8`, // mov dr7, eax: L1, writes of 2 bytes
      `8a ${operand(0)}`, // mov al, [operand]
      `88 ${operand(0)}`, // mov [operand], al
      'after:',
      '90',
    ]);
    machine.run();
    expect([machine.log, dr6(machine)]).toEqual([[at('after'), Vector.DB], 2]);
  });

  it('BOUND raises #BR at itself, INTO #OF after itself', () => {
    const bounds = `62 ${operand(0)}`; // bound ax, [operand]
    const { bits } = narrowPlace(mode, 0);
    const within = (low: number, value: number, high: number) => {
      const bench = start(engine, mode, [load(value), 'bound:', bounds, '90']);
      const { memory, ram } = bench.machine;
      const put = (i: number, bound: number): void =>
        bits === 16
          ? memory.data.setInt16(ram.offset + linear + 2 * i, bound, true)
          : memory.data.setInt32(ram.offset + linear + 4 * i, bound, true);
      put(0, low);
      put(1, high);
      bench.machine.run();
      return [bench.machine.log, bench.at('bound')] as const;
    };
    for (const [low, value, high] of [
      [-2, -2, 5],
      [-2, 5, 5],
    ] as const)
      expect(within(low, value, high)[0]).toEqual([]);
    for (const [low, value, high] of [
      [-2, -3, 5],
      [-2, 6, 5],
    ] as const) {
      const [log, at] = within(low, value, high);
      expect(log).toEqual([at, Vector.BR]);
    }
    // xor ax, ax; into; mov al, 7fh; inc al; into
    const { machine, at } = start(engine, mode, ['31 c0 ce', 'b0 7f fe c0 ce', 'after:', '90']);
    machine.run();
    expect(machine.log).toEqual([at('after'), Vector.OF]);
  });

  it('has no NMI in the handler of an NMI, until its IRET', () => {
    const { machine } = start(engine, mode, ['90 90 90 90'], [Vector.NMI]);
    const { apic } = machine.vcpu;
    // A message to APIC 0 with delivery mode NMI.
    const sendNmi = (): void => void apic.write(0x300, 4, 0x4400);
    sendNmi();
    machine.run(1);
    const handler = machine.vcpu.pc;
    sendNmi();
    machine.run(1);
    expect(machine.vcpu.pc).not.toBe(handler);
    machine.run();
    expect(machine.log.filter((value) => value === Number(Vector.NMI))).toEqual([2, 2]);
  });

  it('keeps no selectors of x87 instructions, as CPUID says', () => {
    // fninit; fld dword [operand]; fnstenv [operand]; mov eax, 7; xor ecx, ecx; cpuid
    const { machine } = start(engine, mode, [
      `db e3 d9 ${operand(0)} d9 ${operand(6)}`,
      `${load(7)} 66 31 c9 31 c9 0f a2`,
    ]);
    machine.run();
    expect(machine.state.gpr(3) & 0x2000n).toBe(0x2000n);
    if (mode === 'real') return;
    const { memory, ram } = machine;
    const [code, data] = narrowPlace(mode, 0).bits === 16 ? [8, 12] : [16, 24];
    const selector = (offset: number): number => memory.data.getUint16(ram.offset + linear + offset, true);
    expect([selector(code), selector(data)]).toEqual([0, 0]);
  });
});

describe.each(ENGINES)('IRET to virtual-8086 mode: %s', (engine) => {
  it('raises #GP(0) for an offset above the limit of 64 KiB, and changes nothing', () => {
    const frame = [0, 0, 0, 0, 0x6000, 0xf000, 0x2_0002, 0x1000, 0x1_0010]; // GS to ES, SS, ESP, EFLAGS, CS, EIP
    const pushes = frame.map((value) => `68 ${number(value, 32)}`);
    const { machine, at } = start(engine, 'protected32', [...pushes, 'iret:', 'cf']);
    machine.run();
    expect(machine.log).toEqual([0, at('iret'), Vector.GP]);
    expect(machine.state.gpr(4)).toBe(0xf000n - 4n * BigInt(frame.length) - 12n);
  });
});
