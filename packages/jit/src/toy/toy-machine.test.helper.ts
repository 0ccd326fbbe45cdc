import { Builder } from '../builder/builder.js';
import { CODE_SLOT_BYTES, EngineState, ExitReason, LINK_BYTES, TLB_ENTRIES, TlbEntry } from '../builder/layout.js';
import { generateInterpreter } from '../interpreter/interpreter.js';
import { Predecoder } from '../interpreter/predecoder.js';
import { buildControlFlowGraph } from '../region/control-flow-graph.js';
import type { DecodeAt, RegionLimits } from '../region/discovery.js';
import { RegionTranslator } from '../region/translate.js';
import type { CodePage, RecordMemory } from '../records/record-plan.js';
import {
  TOY_GEOMETRY,
  TOY_LEAVE,
  TOY_REGISTERS,
  TOY_REGISTER_COUNT,
  ToyDecoder,
  toyFlags,
  toyRows,
} from './toy-isa.js';
import { TOY_CODE, TOY_CODE_BYTES, TOY_DATA, TOY_DATA_BYTES } from './toy-reference.js';
import type { ToyEnd } from './toy-reference.js';

const PAGE = 4096;
const PAGES = TOY_CODE_BYTES / PAGE;
const DECODE_AHEAD = 8;
/** Layout of the WebAssembly memory. */
const CPU = 0x1000;
const DATA = 0x2000;
/** A copy of an instruction that spans two pages. */
const COPY = 0x3000;
/** Links of the modules of regions. */
const LINKS = 0x3100;
const CODE = 0x4000;
const SLOTS = 0x1_0000;
const BANK = SLOTS + PAGES * CODE_SLOT_BYTES;
const MEMORY_PAGES = Math.ceil((BANK + TLB_ENTRIES * TlbEntry.bytes) / 0x1_0000);

const interpreter = generateInterpreter({
  rows: toyRows,
  geometry: TOY_GEOMETRY,
  flags: toyFlags,
  helpers: [],
  builder: Builder,
});
const module = new WebAssembly.Module(interpreter.bytes as Uint8Array<ArrayBuffer>);
const translator = new RegionTranslator<Builder>({ flags: toyFlags, builder: Builder });
const entryOf = (page: number): number => BANK + (page % TLB_ENTRIES) * TlbEntry.bytes;

/**
 * The engine's part for generated code, as far as toy programs need it: pages of code, one page of data, no devices.
 */
export class ToyMachine {
  readonly code: Uint8Array;
  readonly data: DataView;
  /** Number of times that a slot was full. */
  restarts = 0;
  /** Number of times that an instruction that spans two pages was decoded. */
  straddled = 0;
  readonly #view: DataView;
  readonly #records: RecordMemory;
  readonly #predecoder = new Predecoder(interpreter, new ToyDecoder());
  readonly #exports: WebAssembly.Exports;
  #regions = 0;
  #links = LINKS;

  constructor() {
    const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true });
    const { buffer } = memory;
    this.#view = new DataView(buffer);
    this.#records = { data: this.#view, u16: new Uint16Array(buffer), u32: new Uint32Array(buffer) };
    this.code = new Uint8Array(buffer, CODE, TOY_CODE_BYTES);
    this.data = new DataView(buffer, DATA, TOY_DATA_BYTES);
    const env = { memory, slow: () => 0, flush: () => undefined };
    this.#exports = new WebAssembly.Instance(module, { env }).exports;
    this.#env = env;
    this.#mapPages();
  }

  readonly #env: WebAssembly.ModuleImports;

  #mapPages(): void {
    const view = this.#view;
    for (let i = 0; i < TLB_ENTRIES * TlbEntry.bytes; i += 8) view.setBigInt64(BANK + i, -1n, true);
    view.setUint32(CPU + EngineState.bank, BANK, true);
    view.setUint32(CPU + EngineState.unprivilegedBank, BANK, true);
    for (let n = 0; n < PAGES; n++) {
      const va = TOY_CODE + n * PAGE;
      view.setBigInt64(entryOf(va / PAGE) + TlbEntry.execTag, BigInt(va), true);
      view.setUint32(entryOf(va / PAGE) + TlbEntry.code, SLOTS + n * CODE_SLOT_BYTES, true);
      this.#predecoder.plan.prepare(this.#records, SLOTS + n * CODE_SLOT_BYTES);
    }
    const data = entryOf(TOY_DATA / PAGE);
    for (const tag of [TlbEntry.readTag, TlbEntry.writeTag]) view.setBigInt64(data + tag, BigInt(TOY_DATA), true);
    view.setUint32(data + TlbEntry.addend, DATA - TOY_DATA, true);
  }

  /** Writes code and drops the records decoded from it. */
  write(offset: number, bytes: readonly number[]): void {
    this.code.set(bytes, offset);
    const { plan } = this.#predecoder;
    for (let n = 0; n < PAGES; n++) {
      const { slot } = this.#page(n);
      plan.drop(this.#records, slot, offset - n * PAGE, offset + bytes.length - n * PAGE);
      if (n > 0) plan.unlinkStraddling(this.#records, this.#page(n - 1).slot, slot);
    }
  }

  get registers(): number[] {
    return Array.from({ length: TOY_REGISTER_COUNT }, (_, n) => this.#u32(TOY_REGISTERS.readOffset(n)));
  }

  setRegister(n: number, value: number): void {
    this.#view.setUint32(CPU + TOY_REGISTERS.writeOffset(n), value, true);
  }

  get flags(): number {
    return (this.#exports['packFlags'] as (cpu: number) => number)(CPU);
  }

  /** Sets the flags to those of a result that is 0, the initial state of programs. */
  clearFlags(): void {
    this.#view.setUint32(CPU + EngineState.flagKind, 1, true);
    this.#view.setBigInt64(CPU + EngineState.flagX, 2n, true);
  }

  get pc(): number {
    const ip = this.#u32(EngineState.ip);
    const bias = this.#view.getBigInt64(CPU + EngineState.pcBias, true);
    return Number(bias) + this.#predecoder.plan.pcAddend(this.#records, ip);
  }

  /** Instructions left of the budget of the last run. */
  get left(): number {
    return this.#u32(EngineState.left) + this.#u32(EngineState.stolen);
  }

  /** Number of entries into regions. */
  get regionEntries(): number {
    return this.#u32(EngineState.regionEntries);
  }

  /** Number of instructions retired in regions that returned to the interpreter. */
  get regionInstructions(): number {
    return this.#u32(EngineState.regionInstructions);
  }

  /**
   * Runs from `pc`, or from the end of the last run. `at` is the pc at which it ended; if there is no code, it is not
   * a record's pc.
   */
  run(budget: number, pc = this.pc): { readonly end: ToyEnd; readonly at: number; readonly retired: number } {
    let left = budget;
    let at = pc;
    const ended = (end: ToyEnd): { end: ToyEnd; at: number; retired: number } => ({ end, at, retired: budget - left });
    if (!this.#jump(pc)) return ended('outside');
    for (;;) {
      const reason = (this.#exports['run'] as (cpu: number, budget: number) => number)(CPU, left);
      left = this.left;
      this.#view.setUint32(CPU + EngineState.stolen, 0, true);
      at = this.pc;
      switch (reason as ExitReason) {
        case ExitReason.Budget:
          return ended(at >= TOY_CODE && at < TOY_CODE + TOY_CODE_BYTES ? 'budget' : 'outside');
        case ExitReason.Decode:
          if (!this.#decode()) return ended('outside');
          break;
        case ExitReason.Fetch:
          at = Number(this.#view.getBigInt64(CPU + EngineState.address, true));
          if (!this.#jump(at)) return ended('outside');
          break;
        case ExitReason.Straddle:
          if (!this.#straddle(at)) return ended('outside');
          break;
        case ExitReason.Fault:
          return ended('fault');
        case ExitReason.Undefined:
          return ended('undefined');
        default:
          if (reason !== (TOY_LEAVE as number)) throw new Error(`generated code left for ${reason}`);
          return ended('leave');
      }
    }
  }

  /** Translates the regions that begin at these offsets if code is decoded there; returns their number. */
  translate(entries: readonly number[], limits: RegionLimits): number {
    const { plan } = this.#predecoder;
    const regions = entries.flatMap((entry) => {
      const page = entry - (entry % PAGE);
      const graph = buildControlFlowGraph(entry - page, this.#decodeAt(page), limits);
      if (graph === undefined) return [];
      return [{ entry, page, graph }];
    });
    const { bytes, links, regions: linksOf } = translator.translate(regions, false);
    const core = { chain: this.#exports['chain'] as WebAssembly.ExportValue };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>), {
      env: { ...this.#env, links: this.#links },
      core,
    });
    regions.forEach(({ entry, page }, i) => {
      for (const [n, link] of linksOf[i] as ReadonlyMap<number, number>)
        this.#view.setUint32(this.#links + link * LINK_BYTES, this.#page(page / PAGE + n).slot, true);
      const number = ++this.#regions;
      (this.#exports['regions'] as WebAssembly.Table).set(number, exports[`r${i}`]);
      const record = plan.findDecoded(this.#records, this.#page(Math.floor(entry / PAGE)).slot, entry % PAGE);
      this.#view.setUint16(plan.regionAddress(record), number, true);
    });
    this.#links += links * LINK_BYTES;
    if (this.#links > CODE) throw new Error('there is no memory for more links');
    return regions.length;
  }

  #decodeAt(page: number): DecodeAt<Builder> {
    const { plan } = this.#predecoder;
    return (offset) => {
      const at = page + offset;
      if (at < 0 || at >= TOY_CODE_BYTES) return undefined;
      const { code, slot } = this.#page(Math.floor(at / PAGE));
      if (plan.findDecoded(this.#records, slot, at % PAGE) === 0) return undefined;
      return this.#predecoder.decodeForRegion(this.#records, code, offset);
    };
  }

  #page(n: number): CodePage {
    return { code: CODE + n * PAGE, slot: SLOTS + n * CODE_SLOT_BYTES };
  }

  #u32(offset: number): number {
    return this.#view.getUint32(CPU + offset, true);
  }

  /** Jumps to an address, if there is code. */
  #jump(pc: number): boolean {
    const offset = pc - TOY_CODE;
    if (offset < 0 || offset >= TOY_CODE_BYTES) return false;
    const { slot } = this.#page(Math.floor(offset / PAGE));
    const record = this.#predecoder.plan.recordFor(this.#records, slot, offset % PAGE);
    if (record === 0) {
      this.#restart(slot);
      return this.#jump(pc);
    }
    this.#moveTo(record, pc - (offset % PAGE));
    return true;
  }

  #moveTo(record: number, page: number): void {
    this.#view.setUint32(CPU + EngineState.ip, record, true);
    this.#view.setBigInt64(CPU + EngineState.pcBias, BigInt(page), true);
  }

  #restart(slot: number): void {
    this.restarts++;
    this.#predecoder.plan.prepare(this.#records, slot);
  }

  #decode(): boolean {
    const { plan } = this.#predecoder;
    const ip = this.#u32(EngineState.ip);
    const slot = plan.slotOf(ip);
    const { pc } = this;
    if (!plan.hasRoom(this.#records, slot, DECODE_AHEAD)) {
      this.#restart(slot);
      return this.#jump(pc);
    }
    this.#predecoder.decode(this.#records, this.#page((slot - SLOTS) / CODE_SLOT_BYTES), ip, DECODE_AHEAD);
    return true;
  }

  /** Decodes the instruction at an address, which ends in the next page, if there is one. */
  #straddle(pc: number): boolean {
    const at = pc - TOY_CODE;
    const page = Math.floor(at / PAGE);
    if (page === PAGES - 1) return false;
    const { slot } = this.#page(page);
    if (!this.#predecoder.plan.hasRoom(this.#records, slot, 0)) {
      this.#restart(slot);
      return this.#jump(pc);
    }
    this.straddled++;
    const bytes = this.code.slice(at, at + TOY_GEOMETRY.longest);
    new Uint8Array(this.#view.buffer).set(bytes, COPY);
    const record = this.#u32(EngineState.ip);
    const key = this.#predecoder.keyAt(this.#records, COPY, COPY + TOY_GEOMETRY.longest);
    this.#predecoder.linkStraddling(this.#records, this.#page(page), record, this.#page(page + 1).slot, key);
    return true;
  }
}
