import { GuestPhysicalMap, VmMemory } from '@qvm/core/architecture';
import { CodeBuffer, emitOutsideRam, emitRamOffset, EngineState, ModuleWriter, Op, PageDirectory, Ty } from '@qvm/jit';
import { CpuState } from '../vcpu/cpu-state.js';
import { MainRam } from './main-ram.js';

const KIB = 0x400;
const MIB = 0x10_0000;
const GIB = 0x4000_0000;
const PAGE = 0x1000;
const RECORDS = 0x8000;
/** Ranges of RAM and ROM of a test: base, size, kind; `skip` leaves bytes of VM memory out. */
type Layout = readonly (readonly [base: number, size: number, kind?: 'ram' | 'rom' | 'skip'])[];

/** The VM memory offset that generated code has for an address; −1 if none. */
function compile(memory: WebAssembly.Memory): (cpu: number, address: bigint) => number {
  const locals = { cpu: 0, address: 1, window: 2 };
  const code = new CodeBuffer();
  emitOutsideRam(code, locals);
  code.if();
  code.i32(-1).op(Op.return).end();
  emitRamOffset(code, locals);
  const writer = new ModuleWriter();
  writer.define(writer.declare(), { params: [Ty.i32, Ty.i64], results: [Ty.i32] }, [Ty.i32], code.toBytes(), 'find');
  const module = new WebAssembly.Module(writer.toBytes() as Uint8Array<ArrayBuffer>);
  return new WebAssembly.Instance(module, { env: { memory } }).exports['find'] as (c: number, a: bigint) => number;
}

function bench(...layout: Layout) {
  const bytes = layout.reduce((sum, [, size]) => sum + size + 0x1_0000, 0);
  const memory = new VmMemory(bytes + MainRam.bytesFor(bytes) + 4 * KIB);
  const map = new GuestPhysicalMap(memory);
  layout.forEach(([base, size, kind = 'ram'], index) => {
    if (kind === 'skip') memory.allocate(size, 1);
    else map.addRam(kind, `${kind}${index}`, base, size);
  });
  const ram = new MainRam(memory, map);
  const state = new CpuState(memory, CpuState.place(memory, EngineState.end), { pcAddend: () => 0 } as never);
  ram.attach(state);
  const find = compile(memory.wasm);
  return {
    memory,
    map,
    ram,
    state,
    /** The offset by generated code. */
    generated: (address: number): number => find(state.address, BigInt(address)),
    /** Whether the page is absent in the directory that generated code finds. */
    absent: (address: number): boolean => {
      const windows = state.u32(EngineState.ramWindows) / 4;
      const second = BigInt(address) >= state.u64(EngineState.ramSplit) ? 8 : 0;
      const base = Number(memory.u64[(windows + second) / 2]);
      const directory = memory.u32[windows + second + 5] ?? 0;
      return memory.u32[(directory + ((address - base) / PAGE) * PageDirectory.bytes) / 4] === PageDirectory.absent;
    },
  };
}

/** The first and last pages of ranges, and those beside them. */
const edgesOf = (layout: Layout): readonly number[] =>
  layout.flatMap(([base, size]) => [base - PAGE, base, base + size - PAGE, base + size]).filter((page) => page >= 0);

/** RAM of a PC: up to 640 KiB, from 1 MiB, from 4 GiB; the first two are as far apart in VM memory as for the guest. */
const PC: Layout = [
  [0, 640 * KIB],
  [0, 384 * KIB, 'skip'],
  [MIB, 3 * MIB],
  [4 * GIB, 2 * MIB],
];

describe('the RAM of a VM', () => {
  it.each<readonly [string, Layout]>([
    ['one range', [[GIB, MIB]]],
    [
      'two ranges, in any order',
      [
        [8 * GIB, MIB],
        [GIB, 2 * MIB],
      ],
    ],
    ['a PC', PC],
    [
      'ROM in the hole',
      [
        [0, 640 * KIB],
        [0, 128 * KIB, 'skip'],
        [768 * KIB, 256 * KIB, 'rom'],
        [MIB, MIB],
      ],
    ],
    [
      'neighbours',
      [
        [GIB, MIB],
        [GIB + MIB, MIB],
        [GIB + 2 * MIB, MIB],
      ],
    ],
  ])('is where the map has it, for the engine and for generated code: %s', (_, layout) => {
    const { map, ram, generated, absent } = bench(...layout);
    for (const page of [...edgesOf(layout), 0x7fff_ffff_f000, 2 ** 47]) {
      const region = map.find(page);
      if (region?.kind === 'ram') {
        const offset = region.offset + page - region.base;
        expect([page, ram.holds(page, PAGE), ram.offsetOf(page)]).toEqual([page, true, offset]);
        expect([page, generated(page), absent(page)]).toEqual([page, offset, false]);
      } else {
        expect([page, ram.holds(page, PAGE)]).toEqual([page, false]);
        expect([page, generated(page) === -1 || absent(page)]).toEqual([page, true]);
      }
    }
    expect(ram.end).toBe(Math.max(...map.regions.filter(({ kind }) => kind === 'ram').map((r) => r.base + r.size)));
  });

  it('has the two largest parts when it has more of them', () => {
    const { ram, generated } = bench([GIB, MIB], [2 * GIB, 4 * MIB], [3 * GIB, 2 * MIB]);
    const found = [GIB, 2 * GIB, 3 * GIB].map((base) => [ram.holds(base, PAGE), generated(base) !== -1]);
    expect(found).toEqual([
      [false, false],
      [true, true],
      [true, true],
    ]);
    expect([ram.holds(3 * GIB - PAGE, PAGE), generated(3 * GIB - PAGE)]).toEqual([false, -1]);
  });

  it('does not join ranges when VM memory between them belongs to others', () => {
    const { map, ram, generated } = bench([0, 640 * KIB], [8 * GIB, 384 * KIB, 'rom'], [MIB, MIB]);
    const rom = map.find(8 * GIB);
    expect(rom?.kind).toBe('rom');
    expect([ram.holds(0, PAGE), ram.holds(MIB, PAGE), generated(0xa_0000), generated(8 * GIB)]).toEqual([
      ...[true, true, -1, -1],
    ]);
  });

  it('notes records and writers of its pages, and of no others', () => {
    const { ram, memory } = bench(...PC);
    const hole = 0xa_0000;
    const before = memory.u32.slice();
    ram.describe(hole, RECORDS, true);
    ram.noteWriter(hole, 64);
    expect(memory.u32.every((word, index) => word === before[index])).toBe(true);
    expect(ram.takeWriter(hole)).toBe(PageDirectory.manyWriters);
    for (const page of [0, MIB, 4 * GIB + MIB]) {
      ram.describe(page, RECORDS, true);
      expect(ram.takeWriter(page)).toBe(0);
      ram.noteWriter(page, 64);
      expect([ram.takeWriter(page), ram.takeWriter(page)]).toEqual([64, 0]);
    }
  });

  it('can be hidden from generated code', () => {
    const { ram, state, generated } = bench(...PC);
    expect(ram.isAttached(state)).toBe(true);
    ram.detach(state);
    expect([0, MIB, 4 * GIB].map(generated)).toEqual([-1, -1, -1]);
    expect(ram.isAttached(state)).toBe(false);
    ram.attach(state);
    expect(generated(MIB)).toBe(ram.offsetOf(MIB));
  });
});
