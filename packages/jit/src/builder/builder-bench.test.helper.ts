import { rowMaker, int } from '../describe/row.js';
import type { PatternRow } from '../describe/row.js';
import type { V } from '../describe/value.js';
import { generateInterpreter } from '../interpreter/interpreter.js';
import { fixedRegister } from '../interpreter/operands.js';
import { Predecoder } from '../interpreter/predecoder.js';
import { WordDecoder } from '../describe/word-decoder.js';
import type { RecordMemory } from '../records/record-plan.js';
import { Ty } from '../wasm/code-buffer.js';
import { Builder } from './builder.js';
import type { RegisterFile } from './register-file.js';
import type { FlagModel } from './flag-model.js';
import type { InstructionGeometry } from '../records/instruction-geometry.js';
import type { Helper } from './helper.js';
import type { ExitReason } from './layout.js';
import { BOUNCE_BYTES, EngineState, TLB_ENTRIES, TlbEntry } from './layout.js';

/** Sixteen 64-bit registers. */
export const R: RegisterFile = {
  name: 'R',
  bits: 64,
  readOffset: (n) => EngineState.end + n * 8,
  writeOffset: (n) => EngineState.end + n * 8,
};
export const REGISTERS = 16;
/** Instructions are words of 32 bits. */
export const WORDS: InstructionGeometry = { unit: 4, longest: 4, addressBits: 56 };
/** Eight 64-bit fields after the registers. */
export const FIELD = EngineState.end + REGISTERS * 8;
export const FIELDS = 8;
/** Address of the only mapped guest page. */
export const PAGE = 0x20_0000;

const CPU = 0x1000;
/** The bounce buffer, below the state. */
export const BOUNCE = CPU - BOUNCE_BYTES;
const BANK = 0x4_0000;
const RECORD = 0x8000;
const DATA = 0x1_2000;

/** Flags: equal, less, and the kind. These suffice to reach every path of a lazy flag. */
export const flags: FlagModel = {
  bits: 3,
  direct: [0],
  test: (b, _kind, x, y, condition) => (condition === 0 ? b.eq(x, y) : b.ltu(x, y)),
  pack: (b, kind, x, y) => b.or(b.or(b.eq(x, y), b.shl(b.ltu(x, y), b.imm(1))), b.shl(kind, b.imm(2))),
  truth: [0b10101010, 0b11001100].map((mask) => mask & 0xffff),
};

/** Semantic function of an instruction; its operand is a signed number of 20 bits. */
export type Semantics = (b: Builder, n: V) => void;

export const reg = (b: Builder, n: number): V => b.readReg(R, fixedRegister(n), Ty.i64);
export const setReg = (b: Builder, n: number, v: V): void => b.writeReg(R, fixedRegister(n), v);

/** A machine whose instruction number `i` has the i-th function as its semantics. */
export class BuilderBench {
  readonly view: DataView;
  readonly #records: RecordMemory;
  readonly slowCalls: number[] = [];
  /** Names of external events, in order. */
  readonly events: string[] = [];
  slowResult = 0;
  readonly #run: (cpu: number, budget: number) => ExitReason;
  readonly #predecoder: Predecoder<Builder>;

  constructor(
    instructions: readonly Semantics[],
    helpers: Readonly<Record<string, { readonly helper: Helper; readonly run: (...args: never[]) => unknown }>> = {},
  ) {
    const inst = rowMaker<Builder>();
    const rows = instructions.map((semantics, i): PatternRow<Builder> => {
      const number = i.toString(2).padStart(12, '0');
      return inst(
        '1',
        `I${i}`,
        `${number} imm:20` as '0 imm:20',
        { operands: { n: int((f) => (f.imm << 12) >> 12) } },
        (b, { n }) => semantics(b, n),
      );
    });
    const memory = new WebAssembly.Memory({ initial: 9, maximum: 9, shared: true });
    this.view = new DataView(memory.buffer);
    this.#records = { data: this.view, u16: new Uint16Array(memory.buffer), u32: new Uint32Array(memory.buffer) };
    const interpreter = generateInterpreter({
      rows,
      flags,
      helpers: Object.values(helpers).map(({ helper }) => helper),
      geometry: WORDS,
      builder: Builder,
    });
    const env = {
      memory,
      slow: (info: number) => {
        this.slowCalls.push(info);
        return this.slowResult;
      },
      flush: () => void this.events.push('flush'),
    };
    const test = Object.fromEntries(Object.entries(helpers).map(([name, { run }]) => [name, run]));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(interpreter.bytes as Uint8Array<ArrayBuffer>), {
      env,
      test,
    });
    this.#run = instance.exports['run'] as (cpu: number, budget: number) => ExitReason;
    this.#predecoder = new Predecoder(interpreter, new WordDecoder(rows));
    for (let i = 0; i < TLB_ENTRIES * TlbEntry.bytes; i += 8) this.view.setBigInt64(BANK + i, -1n, true);
    this.view.setUint32(CPU + EngineState.bank, BANK, true);
    this.view.setUint32(CPU + EngineState.unprivilegedBank, BANK, true);
    const entry = BANK + ((PAGE >>> 12) % TLB_ENTRIES) * TlbEntry.bytes;
    for (const tag of [TlbEntry.readTag, TlbEntry.writeTag]) this.view.setBigUint64(entry + tag, BigInt(PAGE), true);
    this.view.setUint32(entry + TlbEntry.addend, (DATA - PAGE) >>> 0, true);
  }

  /** Runs one instruction with its operand, at address 0x100000. */
  run(instruction: number, operand = 0): ExitReason {
    const word = ((instruction << 20) | (operand & 0xf_ffff)) >>> 0;
    this.#predecoder.write(this.#records, { code: 0, slot: RECORD }, RECORD, word, 0);
    this.view.setUint32(CPU + EngineState.ip, RECORD, true);
    this.view.setBigInt64(CPU + EngineState.pcBias, BigInt(0x10_0000 - (RECORD >>> 2)), true);
    return this.#run(CPU, 1);
  }

  get(offset: number): bigint {
    return this.view.getBigUint64(CPU + offset, true);
  }

  set(offset: number, value: bigint): void {
    this.view.setBigUint64(CPU + offset, value, true);
  }

  r(n: number): bigint {
    return this.get(R.readOffset(n));
  }

  setR(n: number, value: bigint): void {
    this.set(R.readOffset(n), BigInt.asUintN(64, value));
  }

  u32(offset: number): number {
    return this.view.getUint32(CPU + offset, true);
  }

  setU32(offset: number, value: number): void {
    this.view.setUint32(CPU + offset, value, true);
  }

  /** A view on the mapped guest page. */
  get page(): DataView {
    return new DataView(this.view.buffer, DATA, 4096);
  }
}
