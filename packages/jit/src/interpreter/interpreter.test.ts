import type { Builder } from '../builder/builder.js';
import { Builder as BuilderClass } from '../builder/builder.js';
import type { FlagModel } from '../builder/flag-model.js';
import type { RegisterFile } from '../builder/register-file.js';
import {
  AccessInfo,
  BOUNCE_BYTES,
  EngineState,
  ExitReason,
  RECORD_BYTES,
  TLB_ENTRIES,
  TlbEntry,
} from '../builder/layout.js';
import { int, rowMaker, target } from '../describe/row.js';
import type { Row } from '../describe/row.js';
import { Ty } from '../wasm/code-buffer.js';
import { BuiltIn } from '../records/built-in.js';
import type { RecordMemory } from '../records/record-plan.js';
import { WordDecoder } from '../describe/word-decoder.js';
import type { InterpreterDescription } from './description.js';
import { generateInterpreter } from './interpreter.js';
import { Predecoder } from './predecoder.js';

const REGISTERS: RegisterFile = {
  name: 'R',
  bits: 64,
  readOffset: (n) => EngineState.end + n * 8,
  writeOffset: (n) => EngineState.end + n * 8,
};
const LEAVE = ExitReason.architecture;

/** One flag, which tells that the operands were equal. */
const flags: FlagModel = {
  bits: 1,
  direct: [0],
  test: (b, _kind, x, y) => b.eq(x, y),
  pack: (b, _kind, x, y) => b.eq(x, y),
  truth: [0b10],
};

const WORDS = { unit: 4, longest: 4, addressBits: 56 };
const inst = rowMaker<Builder>(32);
const signed = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits);
const rows = [
  inst('1', 'ADD', '0001 Rd:4 Rn:4 imm:20', { operands: { n: int((f) => signed(f.imm!, 20)) } }, (b, { Rd, Rn, n }) =>
    b.writeReg(REGISTERS, Rd, b.add(b.readReg(REGISTERS, Rn, Ty.i64), n)),
  ),
  inst('2', 'LOAD, STORE', '001 store:1! Rt:4 Rn:4 imm:16 size:2! xx', {}, (b, { store, Rt, Rn, imm, size }) => {
    const m = b.open(b.add(b.readReg(REGISTERS, Rn, Ty.i64), imm), 1 << size, store ? 'write' : 'read');
    if (store) b.storeAt(m, 0, 1 << size, b.readReg(REGISTERS, Rt, Ty.i64));
    else b.writeReg(REGISTERS, Rt, b.loadAt(m, 0, 1 << size));
  }),
  inst(
    '3',
    'JUMP, BRANCH',
    '010 conditional:1! distance:28',
    { operands: { to: target((f) => signed(f.distance!, 28) * 4) } },
    (b, { conditional, to }) => (conditional ? b.branch(b.cond(0), to) : b.jump(to)),
  ),
  inst('4', 'COMPARE', '0110 Rn:4 Rm:4 xxxx xxxx xxxx xxxx xxxx', {}, (b, { Rn, Rm }) =>
    b.setFlags(0, b.readReg(REGISTERS, Rn, Ty.i64), b.readReg(REGISTERS, Rm, Ty.i64)),
  ),
  inst('5', 'LEAVE', '0111 info:28', {}, (b, { info }) => b.leave(LEAVE, info)),
  inst('6', 'GO, SWAP', '1000 Rn:4 Rm:4 swap:1! xxx xxxx xxxx xxxx xxxx', {}, (b, { Rn, Rm, swap }) => {
    const [n, m] = [b.readReg(REGISTERS, Rn, Ty.i64), b.readReg(REGISTERS, Rm, Ty.i64)];
    if (!swap) return b.jumpTo(n);
    b.writeReg(REGISTERS, Rn, m);
    b.writeReg(REGISTERS, Rm, n);
  }),
];

const add = (d: number, n: number, imm: number): number =>
  (0x1000_0000 | (d << 24) | (n << 20) | (imm & 0xf_ffff)) >>> 0;
const load = (t: number, n: number, imm: number, size: number): number =>
  0x2000_0000 | (t << 24) | (n << 20) | (imm << 4) | (size << 2);
const store = (t: number, n: number, imm: number, size: number): number => load(t, n, imm, size) | 0x1000_0000;
const jump = (words: number): number => 0x4000_0000 | (words & 0xfff_ffff);
const branch = (words: number): number => 0x5000_0000 | (words & 0xfff_ffff);
const compare = (n: number, m: number): number => 0x6000_0000 | (n << 24) | (m << 20);
const leave = (info: number): number => 0x7000_0000 | info;
const go = (n: number): number => (0x8000_0000 | (n << 24)) >>> 0;
const swap = (n: number, m: number): number => (0x8008_0000 | (n << 24) | (m << 20)) >>> 0;

const CPU = 0x1000;
const BOUNCE = CPU - BOUNCE_BYTES;
const BANK = 0x4_0000;
const ARENA = 0x8000;
const ARENA_PAGE = 1025 * RECORD_BYTES;
const DATA = 0x1_2000;
/** Guest addresses: two adjacent code pages, one data page. */
const CODE = 0x10_0000;
const DATA_PAGE = 0x20_0000;

class Machine {
  readonly view: DataView;
  readonly #records: RecordMemory;
  readonly slowCalls: { readonly address: bigint; readonly info: number }[] = [];
  flushes = 0;
  slowResult = 0;
  readonly #run: (cpu: number, budget: number) => ExitReason;
  readonly #predecoder: Predecoder<Builder>;

  constructor(isRare: InterpreterDescription<Builder>['isRare'] = () => false) {
    const memory = new WebAssembly.Memory({ initial: 9, maximum: 9, shared: true });
    this.view = new DataView(memory.buffer);
    this.#records = { data: this.view, u16: new Uint16Array(memory.buffer), u32: new Uint32Array(memory.buffer) };
    const description = { rows, flags, helpers: [], geometry: WORDS, builder: BuilderClass };
    const interpreter = generateInterpreter({ ...description, isRare });
    const slow = (info: number): number => {
      this.slowCalls.push({ address: this.view.getBigUint64(CPU + EngineState.address, true), info });
      return this.slowResult;
    };
    const env = { memory, slow, flush: () => void this.flushes++ };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(interpreter.bytes as Uint8Array<ArrayBuffer>), {
      env,
    });
    this.#run = instance.exports['run'] as (cpu: number, budget: number) => ExitReason;
    this.#predecoder = new Predecoder(interpreter, new WordDecoder(rows));
    this.#map();
  }

  #map(): void {
    const { view } = this;
    for (let i = 0; i < TLB_ENTRIES * TlbEntry.bytes; i += 8) view.setBigInt64(BANK + i, -1n, true);
    view.setUint32(CPU + EngineState.bank, BANK, true);
    const entry = (va: number): number => BANK + ((va >>> 12) % TLB_ENTRIES) * TlbEntry.bytes;
    for (const [page, code] of [
      [CODE, ARENA],
      [CODE + 4096, ARENA + ARENA_PAGE],
    ] as const) {
      view.setBigUint64(entry(page) + TlbEntry.execTag, BigInt(page), true);
      view.setUint32(entry(page) + TlbEntry.code, code, true);
      view.setUint16(code + 1024 * RECORD_BYTES, BuiltIn.PageEnd, true);
    }
    for (const tag of [TlbEntry.readTag, TlbEntry.writeTag])
      view.setBigUint64(entry(DATA_PAGE) + tag, BigInt(DATA_PAGE), true);
    view.setUint32(entry(DATA_PAGE) + TlbEntry.addend, (DATA - DATA_PAGE) >>> 0, true);
  }

  /** Writes words to an offset in the code pages, whose other words are not decoded, and starts there. */
  start(words: readonly number[], offset = 0): void {
    words.forEach((word, i) => {
      const at = offset + i * 4;
      const page = { code: 0, slot: this.record(at - (at % 4096)) };
      this.#predecoder.write(this.#records, page, this.record(at), word, at % 4096);
    });
    this.view.setUint32(CPU + EngineState.ip, this.record(offset), true);
    this.view.setBigInt64(CPU + EngineState.pcBias, BigInt(CODE + offset - (this.record(offset) >>> 2)), true);
  }

  record(offset: number): number {
    return ARENA + Math.floor(offset / 4096) * ARENA_PAGE + (offset % 4096) * 4;
  }

  run(budget = 100): ExitReason {
    return this.#run(CPU, budget);
  }

  get pc(): number {
    return Number(this.view.getBigInt64(CPU + EngineState.pcBias, true)) + (this.state(EngineState.ip) >>> 2);
  }

  state(offset: number): number {
    return this.view.getUint32(CPU + offset, true);
  }

  r(n: number): bigint {
    return this.view.getBigUint64(CPU + REGISTERS.readOffset(n), true);
  }

  setR(n: number, value: bigint | number): void {
    this.view.setBigUint64(CPU + REGISTERS.writeOffset(n), BigInt.asUintN(64, BigInt(value)), true);
  }
}

describe.each([
  ['no rare handlers', () => false],
  ['only rare handlers', () => true],
  [
    'rare jumps and stores',
    ({ name }: Row<Builder>, { store }: Record<string, number>) => name !== 'ADD' && store !== 0,
  ],
  ['rare handlers without operands', ({ name }: Row<Builder>) => name === 'LEAVE'],
] as const)('a generated interpreter with %s', (_, isRare) => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine(isRare);
    machine.setR(14, DATA_PAGE);
  });

  it('runs a budget of instructions, and goes on where it stopped', () => {
    machine.start([add(1, 1, 5), add(1, 1, -2), add(2, 1, 100), leave(7)]);
    expect([machine.run(2), machine.r(1), machine.pc]).toEqual([ExitReason.Budget, 3n, CODE + 8]);
    expect([machine.run(10), machine.r(2), machine.pc]).toEqual([LEAVE, 103n, CODE + 12]);
    expect([machine.state(EngineState.left), machine.state(EngineState.exitInfo)]).toEqual([8, 7]);
    expect([machine.run(0), machine.pc]).toEqual([ExitReason.Budget, CODE + 12]);
  });

  it('reads all registers before it writes one', () => {
    machine.setR(1, 11);
    machine.setR(2, 22);
    machine.start([swap(1, 2)]);
    machine.run(1);
    expect([machine.r(1), machine.r(2)]).toEqual([22n, 11n]);
  });

  it('leaves undecoded and undefined records without counting them', () => {
    machine.start([add(0, 0, 1), 0xffff_ffff]);
    expect([machine.run(5), machine.pc, machine.state(EngineState.left)]).toEqual([ExitReason.Undefined, CODE + 4, 4]);
    machine.view.setUint16(machine.record(4), BuiltIn.Decode, true);
    expect([machine.run(5), machine.pc, machine.state(EngineState.left)]).toEqual([ExitReason.Decode, CODE + 4, 5]);
    expect(new Set([BuiltIn.Decode, BuiltIn.PageEnd, BuiltIn.Undefined]).size).toBe(3);
  });

  it('loads and stores through the TLB, aligned or not', () => {
    machine.setR(1, 0x1122_3344_5566_7788n);
    machine.start([
      store(1, 14, 0x10, 3),
      load(2, 14, 0x10, 3),
      load(3, 14, 0x11, 2),
      load(4, 14, 0x17, 0),
      store(1, 14, 0x23, 1),
      load(5, 14, 0x20, 3),
    ]);
    expect(machine.run(6)).toBe(ExitReason.Budget);
    expect([2, 3, 4, 5].map((n) => machine.r(n))).toEqual([
      0x1122_3344_5566_7788n,
      0x4455_6677n,
      0x11n,
      0x77_8800_0000n,
    ]);
    expect(machine.slowCalls).toEqual([]);
  });

  it('asks for accesses that leave the page or want alignment', () => {
    machine.start([load(1, 14, 0xffd, 2)]);
    expect([machine.run(3), machine.pc, machine.state(EngineState.left)]).toEqual([ExitReason.Fault, CODE, 3]);
    machine.view.setUint32(CPU + EngineState.alignmentCheck, 1, true);
    machine.start([load(1, 14, 2, 2)]);
    machine.run(1);
    machine.start([store(1, 15, 8, 3)]);
    machine.run(1);
    expect(machine.slowCalls).toEqual([
      { address: BigInt(DATA_PAGE + 0xffd), info: 4 | (2 << AccessInfo.elementShift) },
      { address: BigInt(DATA_PAGE + 2), info: 4 | (2 << AccessInfo.elementShift) },
      { address: 8n, info: 8 | AccessInfo.write | (3 << AccessInfo.elementShift) },
    ]);
  });

  it('returns after an access to a device and keeps the rest of the budget', () => {
    machine.slowResult = BOUNCE;
    machine.setR(1, 0xabcd);
    machine.start([store(1, 15, 8, 1), add(2, 2, 1)]);
    expect([machine.run(10), machine.pc, machine.flushes]).toEqual([ExitReason.Budget, CODE + 4, 1]);
    expect(machine.view.getUint16(BOUNCE, true)).toBe(0xabcd);
    expect([machine.state(EngineState.left), machine.state(EngineState.stolen), machine.r(2)]).toEqual([0, 9, 0n]);
    machine.start([load(3, 15, 8, 1)]);
    expect([machine.run(1), machine.r(3), machine.flushes]).toEqual([ExitReason.Budget, 0xabcdn, 1]);
  });

  it.each([
    [1, 1, CODE + 16],
    [1, 2, CODE + 8],
  ])('branches on flags (%d, %d)', (x, y, pc) => {
    machine.setR(1, x);
    machine.setR(2, y);
    machine.start([compare(1, 2), branch(3)]);
    expect([machine.run(2), machine.pc]).toEqual([ExitReason.Budget, pc]);
  });

  it('branches inside a page and to another', () => {
    machine.start([jump(-2)], 0x100);
    expect([machine.run(1), machine.pc]).toEqual([ExitReason.Budget, CODE + 0xf8]);
    machine.start([jump(0x400)], 0x100);
    expect([machine.run(1), machine.pc]).toEqual([ExitReason.Budget, CODE + 0x1100]);
    machine.setR(1, 1);
    machine.start([compare(1, 2), branch(0x400)], 0x200);
    expect([machine.run(2), machine.pc]).toEqual([ExitReason.Budget, CODE + 0x208]);
    machine.start([compare(0, 0), branch(-0x400)], 0x1200);
    expect([machine.run(2), machine.pc]).toEqual([ExitReason.Budget, CODE + 0x204]);
  });

  it('goes on in the next page without counting the step', () => {
    machine.start([add(1, 1, 1)], 0xffc);
    machine.start([add(1, 1, 1), leave(0)], 0x1000);
    machine.start([add(1, 1, 1)], 0xffc);
    expect([machine.run(3), machine.r(1), machine.pc, machine.state(EngineState.left)]).toEqual([
      LEAVE,
      2n,
      CODE + 0x1004,
      0,
    ]);
  });

  it.each([0x123_4000, CODE + 2])('leaves for code that is not known at %d', (address) => {
    machine.setR(1, address);
    machine.start([go(1)]);
    expect(machine.run(4)).toBe(ExitReason.Fetch);
    expect(machine.view.getBigUint64(CPU + EngineState.address, true)).toBe(BigInt(address));
    expect(machine.state(EngineState.left)).toBe(3);
  });

  it('names the row whose operands do not fit', () => {
    const wide = inst(
      '7',
      'WIDE',
      '1 a:31',
      { operands: { x: { kind: 'wide', of: () => 1n }, y: { kind: 'wide', of: () => 2n } } },
      (b, { x, y }) => b.setState(EngineState.trash, b.add(b.as(x, Ty.i64), y)),
    );
    expect(() =>
      generateInterpreter({ rows: [wide], flags, helpers: [], geometry: WORDS, builder: BuilderClass }),
    ).toThrow(/row "WIDE".*do not fit/);
  });
});
