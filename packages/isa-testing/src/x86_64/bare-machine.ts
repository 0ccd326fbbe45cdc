import {
  AccessInfo,
  CODE_SLOT_BYTES,
  EngineState,
  ExitReason,
  LINK_BYTES,
  Predecoder,
  RegionTranslator,
  TLB_ENTRIES,
  TlbEntry,
  buildControlFlowGraph,
  generateInterpreter,
} from '@qvm/jit';
import type { CodePage, Interpreter, RecordMemory, RegionLimits } from '@qvm/jit';
import {
  LONG_MODE,
  LONGEST,
  PackedFlag,
  State,
  X86Decoder,
  builderOf,
  isRare,
  instantiateX86Helpers,
  rowsIn,
  x86Helpers,
  x86Flags,
  x86Rows,
} from '@qvm/isa-x86_64';
import type { DecoderMode, X86, X86Row } from '@qvm/isa-x86_64';

const PAGE = 4096;
const DECODE_AHEAD = 32;
/** Layout of the WebAssembly memory. */
const CPU = 0x1000;
/** A copy of an instruction that spans two pages. */
const COPY = 0x3000;
/** Links of the modules of regions. */
const LINKS = 0x4000;
const RAM = 0x1_0000;

/** Virtual addresses of code and data, where recordings had them too. */
export const CODE_BASE = 0x1000_0000;
export const DATA_BASE = 0x2000_0000;

/** The generated code of a mode. */
interface ModeCode {
  readonly interpreter: Interpreter<X86>;
  readonly module: WebAssembly.Module;
  readonly translator: RegionTranslator<X86>;
  readonly decoder: X86Decoder;
}

/** The code of the modes that tests have asked for. */
const known = new Map<DecoderMode, ModeCode>();

function codeOf(mode: DecoderMode): ModeCode {
  const code = known.get(mode) ?? makeCode(mode);
  known.set(mode, code);
  return code;
}

function makeCode(mode: DecoderMode): ModeCode {
  const rows = rowsIn(x86Rows, mode);
  const description = { flags: x86Flags, builder: builderOf(mode), promotedInstructions: 400 };
  const narrow = mode.bits !== 64;
  const interpreter = generateInterpreter({
    ...description,
    rows,
    geometry: { unit: 1, longest: LONGEST, addressBits: narrow ? 32 : 48, unsigned: narrow },
    helpers: x86Helpers,
    anyAlignment: true,
    isRare: (row, statics) => isRare(row as X86Row, statics, mode),
  });
  return {
    interpreter,
    module: new WebAssembly.Module(interpreter.bytes as Uint8Array<ArrayBuffer>),
    translator: new RegionTranslator<X86>(description),
    decoder: new X86Decoder(rows, mode),
  };
}

/** The engine's part of `Builder.callEngine`, without a vCPU. */
function refuseCall(_cpu: number, _left: number, request: number): never {
  throw new Error(`there is no vCPU for the request ${request} of generated code`);
}

/** How a run ended. */
export interface BareEnd {
  /** The engine's reason, one of the processor's, or `'outside'`: there is no code. */
  readonly reason: number | 'outside';
  readonly pc: number;
  readonly retired: number;
}

/**
 * The engine's part for generated code of x86_64 as far as tests of instructions need it: pages of code and of data,
 * segments without bases and limits, no devices, no exceptions.
 */
export class BareMachine {
  readonly code: Uint8Array;
  readonly data: Uint8Array;
  readonly #view: DataView;
  readonly #records: RecordMemory;
  readonly #predecoder: Predecoder<X86>;
  readonly #translator: RegionTranslator<X86>;
  readonly #exports: WebAssembly.Exports;
  readonly #imports: WebAssembly.Imports;
  readonly #codePages: number;
  readonly #slots: number;
  readonly #bank: number;
  #regions = 0;
  #links = LINKS;

  constructor(
    codePages = 2,
    dataPages = 2,
    private readonly codeBase = CODE_BASE,
    private readonly dataBase = DATA_BASE,
    mode = LONG_MODE,
  ) {
    const { interpreter, decoder, translator, module } = codeOf(mode);
    this.#predecoder = new Predecoder(interpreter, decoder);
    this.#translator = translator;
    this.#codePages = codePages;
    this.#slots = Math.ceil((RAM + (codePages + dataPages) * PAGE) / CODE_SLOT_BYTES) * CODE_SLOT_BYTES;
    this.#bank = this.#slots + (codePages + 1) * CODE_SLOT_BYTES;
    const pages = Math.ceil((this.#bank + TLB_ENTRIES * TlbEntry.bytes + 0x4000) / 0x1_0000);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const { buffer } = memory;
    this.#view = new DataView(buffer);
    this.#records = { data: this.#view, u16: new Uint16Array(buffer), u32: new Uint32Array(buffer) };
    this.code = new Uint8Array(buffer, RAM, codePages * PAGE);
    this.data = new Uint8Array(buffer, RAM + codePages * PAGE, dataPages * PAGE);
    this.#imports = {
      env: { memory, slow: (info: number) => this.#slow(info), flush: () => undefined, call: refuseCall },
      ...instantiateX86Helpers(memory),
    };
    this.#exports = new WebAssembly.Instance(module, this.#imports).exports;
    this.#map(dataPages);
    this.#view.setBigInt64(CPU + State.pageUp, 4096n, true);
    this.#view.setBigInt64(CPU + State.pageDown, -4096n, true);
    this.#view.setInt32(CPU + State.direction, 1, true);
    this.#view.setUint32(CPU + State.eflags, 0x202, true);
    this.#view.setUint32(CPU + State.mxcsr, 0x1f80, true);
    this.#view.setUint32(CPU + State.fcw, 0x37f, true);
  }

  #map(dataPages: number): void {
    const view = this.#view;
    const bank = this.#bank;
    for (let i = 0; i < TLB_ENTRIES * TlbEntry.bytes; i += 8) view.setBigInt64(bank + i, -1n, true);
    view.setUint32(CPU + EngineState.bank, bank, true);
    view.setUint32(CPU + EngineState.unprivilegedBank, bank, true);
    const entry = (va: number): number => bank + ((va / PAGE) % TLB_ENTRIES) * TlbEntry.bytes;
    for (let n = 0; n < this.#codePages; n++) {
      const va = this.codeBase + n * PAGE;
      for (const tag of [TlbEntry.execTag, TlbEntry.readTag]) view.setBigInt64(entry(va) + tag, BigInt(va), true);
      view.setUint32(entry(va) + TlbEntry.code, this.#page(n).slot, true);
      view.setUint32(entry(va) + TlbEntry.addend, (RAM - this.codeBase) >>> 0, true);
      this.#predecoder.plan.prepare(this.#records, this.#page(n).slot);
    }
    for (let n = 0; n < dataPages; n++) {
      const va = this.dataBase + n * PAGE;
      for (const tag of [TlbEntry.readTag, TlbEntry.writeTag]) view.setBigInt64(entry(va) + tag, BigInt(va), true);
      view.setUint32(entry(va) + TlbEntry.addend, (RAM + this.#codePages * PAGE - this.dataBase) >>> 0, true);
    }
  }

  /** Writes code, and forgets all records. */
  write(offset: number, bytes: ArrayLike<number>): void {
    this.code.set(bytes, offset);
    for (let n = 0; n < this.#codePages; n++) this.#predecoder.plan.prepare(this.#records, this.#page(n).slot);
  }

  register(n: number): bigint {
    return this.#view.getBigUint64(CPU + State.gpr + n * 8, true);
  }

  setRegister(n: number, value: bigint): void {
    this.#view.setBigUint64(CPU + State.gpr + n * 8, value, true);
  }

  /** Bytes of the state from an offset on. */
  stateBytes(offset: number, size: number): Uint8Array {
    return new Uint8Array(this.#view.buffer, CPU + offset, size);
  }

  /** Status flags as bits of RFLAGS. */
  get flags(): number {
    const packed = (this.#exports['packFlags'] as (cpu: number) => number)(CPU);
    return RFLAGS.reduce((sum, [flag, bit]) => sum | (packed & flag ? bit : 0), 0);
  }

  set flags(rflags: number) {
    const packed = RFLAGS.reduce((sum, [flag, bit]) => sum | (rflags & bit ? flag : 0), 0);
    this.#view.setUint32(CPU + EngineState.flagKind, 0, true);
    this.#view.setBigInt64(CPU + EngineState.flagX, BigInt(packed), true);
    this.#view.setBigInt64(CPU + EngineState.flagY, 0n, true);
  }

  get pc(): number {
    const bias = this.#view.getBigInt64(CPU + EngineState.pcBias, true);
    return Number(bias) + this.#predecoder.plan.pcAddend(this.#records, this.#u32(EngineState.ip));
  }

  /** Operand of the last exit. */
  get exitInfo(): number {
    return this.#u32(EngineState.exitInfo);
  }

  /** The pc at which control last arrived by a jump. */
  get lastEntry(): number {
    return Number(this.#view.getBigInt64(CPU + EngineState.lastEntry, true));
  }

  get regionEntries(): number {
    return this.#u32(EngineState.regionEntries);
  }

  /** Runs from an address. */
  run(budget: number, pc: number): BareEnd {
    let left = budget;
    if (!this.#jump(pc)) return { reason: 'outside', pc, retired: 0 };
    for (;;) {
      const reason = (this.#exports['run'] as (cpu: number, budget: number) => number)(CPU, left);
      left = this.#u32(EngineState.left) + this.#u32(EngineState.stolen);
      this.#view.setUint32(CPU + EngineState.stolen, 0, true);
      const end = (why: number | 'outside', at = this.pc): BareEnd => ({ reason: why, pc: at, retired: budget - left });
      switch (reason as ExitReason) {
        case ExitReason.Decode:
          if (!this.#decode()) return end('outside');
          break;
        case ExitReason.Fetch: {
          const at = Number(this.#view.getBigInt64(CPU + EngineState.address, true));
          if (!this.#jump(at)) return end('outside', at);
          break;
        }
        case ExitReason.Straddle:
          this.#straddle(this.pc);
          break;
        default:
          return end(reason);
      }
    }
  }

  /** Translates the regions that begin at these offsets; returns their number. */
  translate(entries: readonly number[], limits: RegionLimits): number {
    const { plan } = this.#predecoder;
    const regions = entries.flatMap((entry) => {
      const page = entry - (entry % PAGE);
      const graph = buildControlFlowGraph<X86>(entry - page, (offset) => this.#decodeAt(page + offset, offset), limits);
      if (graph === undefined) return [];
      return [{ entry, page, graph }];
    });
    const { bytes, links, regions: linksOf } = this.#translator.translate(regions, false);
    const core = { chain: this.#exports['chain'] as WebAssembly.ExportValue };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>), {
      ...this.#imports,
      env: { ...this.#imports['env'], links: this.#links },
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
    if (this.#links > RAM) throw new Error('there is no memory for more links');
    return regions.length;
  }

  #decodeAt(at: number, offset: number) {
    if (at < 0 || at >= this.code.length) return undefined;
    const { code, slot } = this.#page(Math.floor(at / PAGE));
    if (this.#predecoder.plan.findDecoded(this.#records, slot, at % PAGE) === 0) return undefined;
    return this.#predecoder.decodeForRegion(this.#records, code, offset);
  }

  #page(n: number): CodePage {
    return { code: RAM + n * PAGE, slot: this.#slots + n * CODE_SLOT_BYTES };
  }

  /** An access that missed the TLB, in which code and data take the same entries: it may be a read of code. */
  #slow(info: number): number {
    const offset = Number(this.#view.getBigUint64(CPU + EngineState.address, true)) - this.codeBase;
    const isInside = offset >= 0 && offset + (info & AccessInfo.bytesMask) <= this.code.length;
    return isInside && (info & AccessInfo.write) === 0 ? RAM + offset : 0;
  }

  #u32(offset: number): number {
    return this.#view.getUint32(CPU + offset, true);
  }

  #jump(pc: number): boolean {
    const offset = pc - this.codeBase;
    if (offset < 0 || offset >= this.code.length) return false;
    const { slot } = this.#page(Math.floor(offset / PAGE));
    const record = this.#predecoder.plan.recordFor(this.#records, slot, offset % PAGE);
    if (record === 0) {
      this.#predecoder.plan.prepare(this.#records, slot);
      return this.#jump(pc);
    }
    this.#moveTo(record, pc - (offset % PAGE));
    return true;
  }

  #moveTo(record: number, page: number): void {
    this.#view.setUint32(CPU + EngineState.ip, record, true);
    this.#view.setBigInt64(CPU + EngineState.pcBias, BigInt(page), true);
  }

  #decode(): boolean {
    const { plan } = this.#predecoder;
    const ip = this.#u32(EngineState.ip);
    const n = Math.floor((ip - this.#slots) / CODE_SLOT_BYTES);
    const page = this.#page(n);
    if (!plan.hasRoom(this.#records, page.slot, DECODE_AHEAD)) {
      const { pc } = this;
      plan.prepare(this.#records, page.slot);
      return this.#jump(pc);
    }
    this.#predecoder.decode(this.#records, page, ip, DECODE_AHEAD);
    return true;
  }

  #straddle(pc: number): void {
    const at = pc - this.codeBase;
    new Uint8Array(this.#view.buffer).set(this.code.slice(at, at + LONGEST), COPY);
    const key = this.#predecoder.decoder.keyAt(this.#records, COPY, COPY + LONGEST);
    const n = Math.floor(at / PAGE);
    const record = this.#u32(EngineState.ip);
    this.#predecoder.linkStraddling(this.#records, this.#page(n), record, this.#page(n + 1).slot, key);
  }
}

const RFLAGS: readonly (readonly [flag: number, bit: number])[] = [
  [PackedFlag.CF, 1],
  [PackedFlag.PF, 4],
  [PackedFlag.AF, 0x10],
  [PackedFlag.ZF, 0x40],
  [PackedFlag.SF, 0x80],
  [PackedFlag.OF, 0x800],
];
