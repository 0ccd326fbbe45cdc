import type { Helper } from '../builder/helper.js';
import { EngineState, PageDirectory, RamWindow, TLB_ENTRIES, TlbBank, TlbEntry } from '../builder/layout.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import { ModuleWriter } from '../wasm/module-writer.js';
import { IntOp } from '../wasm/opcodes.js';
import { defineFill, FILL, FillAccess, WALK, Walked } from './tlb-fill.js';

const PAGE = 0x1000;
/** Places in the test's memory. */
const [CPU, WINDOWS, DIRECTORIES, BANK] = [0x1000, 0x2000, 0x3000, 0x1_0000];
const RAM = 0x8_0000;
/** Two windows of four pages each; the second page of the first one is a hole. */
const [LOW, HIGH, PAGES] = [0x9_f000n, 0x1_0000_0000n, 4];
const ALL = Walked.readable | Walked.writable | Walked.executable;

/** A module with {@link FILL} over a walk that maps each address to itself. */
class FillBench {
  readonly view = new DataView(new ArrayBuffer(0));
  readonly fill: (cpu: number, va: bigint, access: number, unprivileged: number) => number;

  constructor() {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
    this.view = new DataView(memory.buffer);
    const writer = new ModuleWriter();
    const numbers = new Map<Helper, number>([WALK, FILL].map((helper) => [helper, writer.declare()]));
    const functionOf = (helper: Helper): number => numbers.get(helper) as number;
    const walk = new CodeBuffer().get(1).i64(-PAGE, -1).op(IntOp.and[1]).i64(ALL).op(IntOp.or[1]);
    writer.define(functionOf(WALK), { params: WALK.params, results: [Ty.i64] }, [], walk.toBytes(), 'walk');
    defineFill(writer, functionOf, 0);
    const module = new WebAssembly.Module(writer.toBytes() as Uint8Array<ArrayBuffer>);
    this.fill = new WebAssembly.Instance(module, { env: { memory } }).exports['fill'] as FillBench['fill'];
    this.#initialise();
  }

  /** Sets the directory's first word of a page. */
  describe(window: 0 | 1, page: number, word: number): void {
    this.view.setUint32(DIRECTORIES + (window * PAGES + page) * PageDirectory.bytes, word, true);
  }

  /** VM memory offset that a filled entry has for an address; `undefined` if it is left to the engine. */
  offset(va: bigint, access: keyof typeof FillAccess = 'read'): number | undefined {
    const entry = this.fill(CPU, va, FillAccess[access], 0);
    if (entry === 0) return undefined;
    return (this.view.getUint32(entry + TlbEntry.addend, true) + Number(BigInt.asUintN(32, va))) >>> 0;
  }

  #initialise(): void {
    const { view } = this;
    const bases = [LOW, HIGH];
    view.setBigUint64(CPU + EngineState.ramSplit, HIGH, true);
    view.setUint32(CPU + EngineState.ramWindows, WINDOWS, true);
    bases.forEach((base, index) => {
      const at = WINDOWS + (index << RamWindow.shift);
      view.setBigUint64(at + RamWindow.base, base, true);
      view.setBigUint64(at + RamWindow.size, BigInt(PAGES * PAGE), true);
      view.setUint32(at + RamWindow.offset, RAM + index * PAGES * PAGE, true);
      view.setUint32(at + RamWindow.directory, DIRECTORIES + index * PAGES * PageDirectory.bytes, true);
    });
    view.setUint32(CPU + EngineState.bank, BANK, true);
    view.setUint32(CPU + EngineState.unprivilegedBank, BANK, true);
    for (let entry = 0; entry < TLB_ENTRIES; entry++)
      for (const tag of [TlbEntry.readTag, TlbEntry.writeTag, TlbEntry.execTag])
        view.setBigInt64(BANK + entry * TlbEntry.bytes + tag, -1n, true);
    this.describe(0, 1, PageDirectory.absent);
  }
}

describe('TLB entries made by generated code', () => {
  it('lead to the RAM of both windows', () => {
    const bench = new FillBench();
    const found = [LOW, LOW + 2n * 0x1000n, LOW + 3n * 0x1000n, HIGH, HIGH + 3n * 0x1000n];
    expect(found.map((va) => bench.offset(va + 5n))).toEqual([0, 2, 3, 4, 7].map((page) => RAM + page * PAGE + 5));
    expect(found.map((va) => bench.offset(va, 'write'))).toEqual([0, 2, 3, 4, 7].map((page) => RAM + page * PAGE));
    expect(bench.view.getUint32(BANK + TlbBank.count, true)).toBe(5);
  });

  it('are left to the engine outside of them, and where there is no RAM in one', () => {
    const bench = new FillBench();
    const outside = [0n, LOW - 1n, LOW + 0x1000n, LOW + 4n * 0x1000n, HIGH - 1n, HIGH + 4n * 0x1000n, 2n ** 47n];
    for (const access of ['read', 'write', 'execute'] as const)
      expect([access, outside.map((va) => bench.offset(va, access))]).toEqual([access, outside.map(() => undefined)]);
  });

  it('execute records and write pages as the directory of the window allows', () => {
    const bench = new FillBench();
    const records = -PageDirectory.recordsMask;
    expect(bench.offset(HIGH, 'execute')).toBeUndefined();
    bench.describe(1, 0, records | PageDirectory.noticeWrites);
    expect([bench.offset(HIGH, 'execute'), bench.offset(HIGH, 'write')]).toEqual([RAM + 4 * PAGE, undefined]);
    expect([bench.offset(LOW, 'execute'), bench.offset(LOW, 'write')]).toEqual([undefined, RAM]);
  });
});
