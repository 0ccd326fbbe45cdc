import type { Engine } from '@qvm/core/architecture';
import {
  ExitReason,
  Predecoder,
  RECORD_BYTES,
  TLB_ENTRIES,
  TlbEntry,
  RegionTranslator,
  buildControlFlowGraph,
  generateInterpreter,
  AccessInfo,
  BuiltIn,
  WordDecoder,
} from '@qvm/jit';
import type { Interpreter, RecordMemory, RegionInstruction, RegionLimits } from '@qvm/jit';
import { A64, A64_GEOMETRY, FlagKind, nzcvModel, State } from '@qvm/isa-aarch64';
import type { A64Row } from '@qvm/isa-aarch64';
import { harnessHelpers, instantiateHelpers } from './helper-modules.js';
import type { MachineState } from './machine-state.js';
import { REGISTER_BYTES } from './machine-state.js';

/** Guest address and size of the memory that programs of the harness may read and write. */
export const DATA_BASE = 0x4000_0000;
export const DATA_BYTES = 8192;
/** Guest address of the one page that programs of the harness execute from. */
export const CODE_BASE = 0x4008_0000;
const PAGE = 4096;
const RECORDS = PAGE / 4;

const MEMORY_PAGES = 9;
/** Layout of the WebAssembly memory. */
const CPU = 0x1000;
const CODE = 0x1_0000;
const BANK = 0x4_0000;
const ARENA = 0x2_0000;
const DATA = 0x3_0000;
const CODE_PAGE = { code: CODE, slot: ARENA };
const MAX_INSTRUCTIONS = 100;

/**
 * Reason why a program of the harness ended. `reason` is an {@link ExitReason} or an `Exit` of the architecture.
 *
 * @experimental
 */
export interface Outcome {
  readonly reason: number;
  /** The operand of an architecture's exit. */
  readonly info: number;
  /** Address of the access, when `reason` is `Fault` or `Fetch`. */
  readonly address: bigint;
  /** Whether the access faulted because it was not aligned. */
  readonly misaligned: boolean;
}

/** A region may contain a whole test program, with its calls. */
const LIMITS: RegionLimits = { instructions: 400, callee: 100, depth: 3, pages: 1 };

/**
 * Runs instruction words through the generated interpreter without a machine around it: one code page, two pages of data, EL0.
 *
 * @experimental
 */
export class InstructionHarness {
  readonly interpreter: Interpreter<A64>;
  readonly decoder: WordDecoder<A64>;
  readonly predecoder: Predecoder<A64>;
  /** {@link DATA_BYTES} bytes of guest memory at {@link DATA_BASE}. */
  readonly data: Uint8Array;
  readonly #view: DataView;
  readonly #records: RecordMemory;
  readonly #bytes: Uint8Array;
  readonly #run: (cpu: number, budget: number) => number;
  readonly #packFlags: (cpu: number) => number;
  readonly #regionImports: WebAssembly.Imports;
  readonly #translator = new RegionTranslator<A64>({ flags: nzcvModel, builder: A64 });
  #misaligned = false;

  /**
   * @param engine - with `wasm`, a program begins in a region of its own, and the interpreter executes what the region
   * leaves to it.
   * @throws Error that names the row if a row of the table is invalid.
   */
  constructor(
    rows: readonly A64Row[],
    private readonly engine: Engine = 'interp',
  ) {
    const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true });
    this.#view = new DataView(memory.buffer);
    this.#records = { data: this.#view, u32: new Uint32Array(memory.buffer), u16: new Uint16Array(memory.buffer) };
    this.#bytes = new Uint8Array(memory.buffer);
    this.data = new Uint8Array(memory.buffer, DATA, DATA_BYTES);
    this.interpreter = generateInterpreter({
      rows,
      geometry: A64_GEOMETRY,
      flags: nzcvModel,
      helpers: harnessHelpers,
      builder: A64,
    });
    this.decoder = new WordDecoder(rows);
    this.predecoder = new Predecoder(this.interpreter, this.decoder);
    const module = new WebAssembly.Module(this.interpreter.bytes as Uint8Array<ArrayBuffer>);
    // A region of one page has no links.
    const env = { memory, slow: (info: number) => this.#slow(info), flush: () => undefined, links: 0 };
    const imports = { ...instantiateHelpers(memory), env };
    const { exports } = new WebAssembly.Instance(module, imports);
    this.#regionImports = { ...imports, core: { chain: exports['chain'] as WebAssembly.ExportValue } };
    this.#run = exports['run'] as (cpu: number, budget: number) => number;
    this.#packFlags = exports['packFlags'] as (cpu: number) => number;
    this.#mapPages();
  }

  /**
   * Runs `words` from `state.pc`, an address in the code page, until control reaches other code or an instruction does
   * not complete. `state` is updated to the state at that point.
   */
  run(state: MachineState, words: readonly number[]): Outcome {
    const view = this.#view;
    const offset = Number(state.pc) - CODE_BASE;
    const at = (i: number): number => ARENA + ((offset >> 2) + i) * RECORD_BYTES;
    words.forEach((word, i) => {
      view.setUint32(CODE + offset + i * 4, word, true);
      this.predecoder.write(this.#records, CODE_PAGE, at(i), word, offset + i * 4);
    });
    this.#load(state);
    view.setUint32(CPU + State.ip, at(0), true);
    const reason = this.engine === 'wasm' ? this.#executeRegion(offset, words) : this.#execute();
    words.forEach((_, i) => view.setUint16(at(i), BuiltIn.Undefined, true));
    this.#store(state, reason);
    return {
      reason,
      info: view.getUint32(CPU + State.exitInfo, true),
      address: view.getBigUint64(CPU + State.address, true),
      misaligned: this.#misaligned,
    };
  }

  /** The number of the handler that runs `word`. */
  handlerOf(word: number): number {
    this.predecoder.write(this.#records, CODE_PAGE, ARENA, word, 0);
    const handler = this.#view.getUint16(ARENA, true);
    this.#view.setUint16(ARENA, BuiltIn.Undefined, true);
    return handler;
  }

  #execute(): number {
    this.#misaligned = false;
    const reason = this.#run(CPU, MAX_INSTRUCTIONS);
    if (reason !== (ExitReason.Budget as number)) return reason;
    throw new Error(`a program did not end after ${MAX_INSTRUCTIONS} instructions`);
  }

  /** Runs a region over `words`, then the interpreter from the region's exit, unless that is outside the code page. */
  #executeRegion(start: number, words: readonly number[]): number {
    const decode = (offset: number): RegionInstruction<A64> | undefined => {
      const inside = offset >= start && offset < start + words.length * 4;
      return inside ? this.predecoder.decodeForRegion(this.#records, CODE, offset) : undefined;
    };
    const graph = buildControlFlowGraph(start, decode, LIMITS);
    if (!graph) return this.#execute();
    const { bytes } = this.#translator.translate([{ graph }], false);
    const { exports } = new WebAssembly.Instance(
      new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>),
      this.#regionImports,
    );
    (exports['r0'] as (cpu: number, left: number, page: bigint) => number)(CPU, MAX_INSTRUCTIONS, BigInt(CODE_BASE));
    const offset = Number(this.#view.getBigUint64(CPU + State.address, true)) - CODE_BASE;
    if (offset < 0 || offset >= PAGE || offset % 4 !== 0) return ExitReason.Fetch;
    this.#view.setUint32(CPU + State.ip, ARENA + (offset >> 2) * RECORD_BYTES, true);
    return this.#execute();
  }

  #load(state: MachineState): void {
    const view = this.#view;
    this.#bytes.set(state.bytes.subarray(0, REGISTER_BYTES), CPU + State.x);
    view.setBigUint64(CPU + State.flagX, BigInt(state.nzcv), true);
    view.setBigUint64(CPU + State.flagY, 0n, true);
    view.setUint32(CPU + State.flagKind, FlagKind.Packed, true);
    view.setBigUint64(CPU + State.zero, 0n, true);
    view.setBigInt64(CPU + State.monitorAddress, -1n, true);
    view.setBigInt64(CPU + State.pcBias, BigInt(CODE_BASE - (ARENA >> 2)), true);
    view.setUint32(CPU + State.bank, BANK, true);
    view.setUint32(CPU + State.unprivilegedBank, BANK, true);
  }

  #store(state: MachineState, reason: number): void {
    const view = this.#view;
    state.bytes.set(this.#bytes.subarray(CPU + State.x, CPU + State.x + REGISTER_BYTES));
    state.nzcv = this.#packFlags(CPU);
    const ip = view.getUint32(CPU + State.ip, true);
    state.pc =
      reason === (ExitReason.Fetch as number)
        ? view.getBigUint64(CPU + State.address, true)
        : view.getBigUint64(CPU + State.pcBias, true) + BigInt(ip >>> 2);
  }

  #mapPages(): void {
    const view = this.#view;
    for (let i = 0; i < TLB_ENTRIES * TlbEntry.bytes; i += 8) view.setBigInt64(BANK + i, -1n, true);
    for (let offset = 0; offset < DATA_BYTES; offset += PAGE) {
      const entry = entryOf(DATA_BASE + offset);
      view.setBigUint64(entry + TlbEntry.readTag, BigInt(DATA_BASE + offset), true);
      view.setBigUint64(entry + TlbEntry.writeTag, BigInt(DATA_BASE + offset), true);
      view.setUint32(entry + TlbEntry.addend, (DATA - DATA_BASE) >>> 0, true);
    }
    const code = entryOf(CODE_BASE);
    view.setBigUint64(code + TlbEntry.execTag, BigInt(CODE_BASE), true);
    view.setUint32(code + TlbEntry.code, ARENA, true);
    for (let i = 0; i < RECORDS; i++) view.setUint16(ARENA + i * RECORD_BYTES, BuiltIn.Undefined, true);
    view.setUint16(ARENA + RECORDS * RECORD_BYTES, BuiltIn.PageEnd, true);
  }

  /** The slow path: accesses that cross the data pages are plain memory; all others fault. */
  #slow(info: number): number {
    const address = this.#view.getBigUint64(CPU + State.address, true);
    const element = 1n << BigInt(info >>> AccessInfo.elementShift);
    this.#misaligned = (info & AccessInfo.aligned) !== 0 && (address & (element - 1n)) !== 0n;
    const offset = address - BigInt(DATA_BASE);
    const bytes = BigInt(info & AccessInfo.bytesMask);
    const inside = offset >= 0n && offset + bytes <= BigInt(DATA_BYTES);
    if (this.#misaligned || !inside) return 0;
    return DATA + Number(offset);
  }
}

function entryOf(va: number): number {
  return BANK + ((va / PAGE) % TLB_ENTRIES) * TlbEntry.bytes;
}
