import type { Helper } from '../builder/helper.js';
import { BlockMap, EngineState, PAGE_BITS, PageDirectory, RamWindow, TlbBank, TlbEntry } from '../builder/layout.js';
import { emitOutsideRam, emitRamOffset } from '../builder/ram-lookup.js';
import type { RamLocals } from '../builder/ram-lookup.js';
import { emitEntry } from '../builder/tlb-lookup.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import type { ModuleWriter } from '../wasm/module-writer.js';
import { IntOp, Op } from '../wasm/opcodes.js';

/**
 * Walks the guest's translation tables: (cpu, va, unprivileged, access) → the guest-physical page with {@link Walked}
 * bits, or −1 in the cases left to the engine: a fault, memory that is not plain, tables outside of RAM. `access` is a
 * {@link FillAccess}: a walk that sets flags in the tables must know it. Any result may lack that permission. The caller
 * must check that the page is in RAM: other pages may exceed the output address size, which is a fault.
 *
 * @experimental
 */
export const WALK: Helper = {
  module: 'core',
  name: 'walk',
  params: [Ty.i32, Ty.i64, Ty.i32, Ty.i32],
  result: Ty.i64,
  pure: false,
};

/** Low bits of the result of {@link WALK}. @experimental */
export const Walked = {
  /** The page may be read. */
  readable: 1,
  /** The page may be written. */
  writable: 2,
  /** The page may be executed. */
  executable: 4,
  /** The page belongs to a block of several pages, which one descriptor maps. */
  block: 8,
  /** The page belongs to one address space only. */
  local: 16,
} as const;

/**
 * Fills the TLB without the engine: (cpu, va, access, unprivileged) → address of the entry, or 0 if the engine must do
 * it.
 *
 * @internal
 */
export const FILL: Helper = {
  module: 'core',
  name: 'fill',
  params: [Ty.i32, Ty.i64, Ty.i32, Ty.i32],
  result: Ty.i32,
  pure: false,
};

/** Kinds of access for {@link WALK}, as bit numbers in {@link Walked}. @experimental */
export const FillAccess = {
  /** Reads of data. */
  read: 0,
  /** Writes of data. */
  write: 1,
  /** Instruction fetches. */
  execute: 2,
} as const;

const [CPU, VA, ACCESS, UNPRIVILEGED] = [0, 1, 2, 3];
const [WALKED, PAGE, TAG, ENTRY, BANK, DIRECTORY, DIRECTORY_AT, AT, ADDEND, WINDOW] = [
  4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
];
const LOCALS = [Ty.i64, Ty.i64, Ty.i64, ...new Array<Ty>(7).fill(Ty.i32)];
const IN_RAM: RamLocals = { cpu: CPU, address: PAGE, window: WINDOW };
const MODE_MASK = (PageDirectory.modes - 1) << PageDirectory.modeShift;
const TAGS = [TlbEntry.readTag, TlbEntry.writeTag, TlbEntry.execTag];

/**
 * Defines {@link FILL}, which does for plain RAM the work that the engine's TLB and memory port do for all memory.
 *
 * @param mode - number of the mode whose records the module executes.
 */
export function defineFill(writer: ModuleWriter, functionOf: (helper: Helper) => number, mode: number): void {
  const code = new CodeBuffer();
  emitWalk(code, functionOf(WALK));
  emitDirectory(code, mode);
  emitReplace(code);
  emitTags(code);
  emitBlock(code);
  code.get(CPU).get(CPU).memory(Op.i32_load, EngineState.tlbFills).i32(1).op(IntOp.add[0]);
  code.memory(Op.i32_store, EngineState.tlbFills);
  code.get(ENTRY);
  writer.define(functionOf(FILL), { params: FILL.params, results: [Ty.i32] }, LOCALS, code.toBytes(), FILL.name);
}

/** Emits a return of 0 if the i32 on the stack is not 0. */
function giveUpIf(code: CodeBuffer): void {
  code.if();
  code.i32(0).op(Op.return).end();
}

/** Computes the page's offset in RAM, if the access is allowed. */
function emitWalk(code: CodeBuffer, walk: number): void {
  code.get(CPU).get(VA).get(UNPRIVILEGED).get(ACCESS).call(walk).tee(WALKED).i64(0).op(IntOp.lts[1]);
  giveUpIf(code);
  code.get(WALKED).op(Op.i32_wrap_i64).get(ACCESS).op(IntOp.shr[0]).i32(1).op(IntOp.and[0]).op(Op.i32_eqz);
  giveUpIf(code);
  code
    .get(WALKED)
    .i64(-(1 << PAGE_BITS), -1)
    .op(IntOp.and[1])
    .set(PAGE);
  emitOutsideRam(code, IN_RAM);
  giveUpIf(code);
}

/**
 * Loads the page's entry in the directory. Gives up for pages without RAM, for writes to code and for code without records of the mode, which
 * are left to the engine.
 */
function emitDirectory(code: CodeBuffer, mode: number): void {
  code.get(WINDOW).memory(Op.i32_load, RamWindow.directory);
  code.get(PAGE).i64(PAGE_BITS).op(IntOp.shr[1]).op(Op.i32_wrap_i64);
  code.i32(Math.log2(PageDirectory.bytes)).op(IntOp.shl[0]).op(IntOp.add[0]);
  code.tee(DIRECTORY_AT).memory(Op.i32_load, 0).tee(DIRECTORY);
  code.i32(PageDirectory.absent).op(IntOp.and[0]);
  giveUpIf(code);
  code.get(ACCESS).i32(FillAccess.write).op(IntOp.eq[0]);
  code.get(DIRECTORY).i32(PageDirectory.noticeWrites).op(IntOp.and[0]).op(IntOp.and[0]);
  giveUpIf(code);
  code.get(ACCESS).i32(FillAccess.execute).op(IntOp.eq[0]);
  code.get(DIRECTORY).i32(PageDirectory.recordsMask).op(IntOp.and[0]).op(Op.i32_eqz);
  code.get(DIRECTORY).i32(MODE_MASK).op(IntOp.and[0]);
  code
    .i32(mode << PageDirectory.modeShift)
    .op(IntOp.ne[0])
    .op(IntOp.or[0])
    .op(IntOp.and[0]);
  giveUpIf(code);
}

/**
 * Empties the entry if it has another page or another mapping of this page, and adds it to the list of entries in use.
 */
function emitReplace(code: CodeBuffer): void {
  emitEntry(code, CPU, VA, EngineState.unprivilegedBank);
  emitEntry(code, CPU, VA, EngineState.bank);
  code.get(UNPRIVILEGED).op(Op.select).set(ENTRY);
  code.get(CPU).memory(Op.i32_load, EngineState.unprivilegedBank).get(CPU).memory(Op.i32_load, EngineState.bank);
  code.get(UNPRIVILEGED).op(Op.select).set(BANK);
  code
    .get(VA)
    .i64(-(1 << PAGE_BITS), -1)
    .op(IntOp.and[1])
    .set(TAG);
  emitRamOffset(code, IN_RAM);
  code.get(TAG).op(Op.i32_wrap_i64).op(IntOp.sub[0]).set(ADDEND);
  TAGS.forEach((tag, i) => {
    code.get(ENTRY).memory(Op.i64_load, tag).get(TAG).op(IntOp.ne[1]);
    if (i > 0) code.op(IntOp.and[0]);
  });
  code.get(ENTRY).memory(Op.i32_load, TlbEntry.addend).get(ADDEND).op(IntOp.ne[0]).op(IntOp.or[0]).if();
  TAGS.forEach((tag, i) => {
    code.get(ENTRY).memory(Op.i64_load, tag);
    if (i > 0) code.op(IntOp.and[1]);
  });
  code.i64(-1).op(IntOp.eq[1]).if();
  emitNote(code, TlbBank.count, TlbBank.list, TlbBank.listLength);
  code.end();
  for (const tag of TAGS) code.get(ENTRY).i64(-1).memory(Op.i64_store, tag);
  code.get(ENTRY).get(ADDEND).memory(Op.i32_store, TlbEntry.addend);
  emitBit(code, Walked.local);
  code.if();
  emitNote(code, TlbBank.localCount, TlbBank.localList, TlbBank.localListLength);
  code.end();
  code.end();
}

/** Adds the entry to a list of its bank. */
function emitNote(code: CodeBuffer, count: number, list: number, length: number): void {
  code.get(BANK).memory(Op.i32_load, count).tee(AT).i32(length).op(IntOp.leu[0]).if();
  code.get(BANK).get(AT).i32(1).op(IntOp.add[0]).memory(Op.i32_store, count);
  code.get(AT).i32(length).op(IntOp.ltu[0]).if();
  code.get(BANK).get(AT).i32(2).op(IntOp.shl[0]).op(IntOp.add[0]).get(ENTRY).memory(Op.i32_store, list);
  code.end();
  code.end();
}

function emitTags(code: CodeBuffer): void {
  emitBit(code, Walked.readable);
  code.if();
  code.get(ENTRY).get(TAG).memory(Op.i64_store, TlbEntry.readTag).end();
  emitBit(code, Walked.writable);
  code.get(DIRECTORY).i32(PageDirectory.noticeWrites).op(IntOp.and[0]).op(Op.i32_eqz).op(IntOp.and[0]).if();
  code.get(ENTRY).get(TAG).memory(Op.i64_store, TlbEntry.writeTag);
  emitWriter(code);
  code.end();
  code.get(ACCESS).i32(FillAccess.execute).op(IntOp.eq[0]).if();
  code.get(ENTRY).get(DIRECTORY).i32(PageDirectory.recordsMask).op(IntOp.and[0]).memory(Op.i32_store, TlbEntry.code);
  code.get(ENTRY).get(TAG).memory(Op.i64_store, TlbEntry.execTag).end();
}

/** Records in the directory that the entry may write the page; several writers become `manyWriters`. */
function emitWriter(code: CodeBuffer): void {
  code.get(DIRECTORY_AT).get(ENTRY).i32(PageDirectory.manyWriters);
  code.get(DIRECTORY_AT).memory(Op.i32_load, PageDirectory.writer).tee(AT).op(Op.i32_eqz);
  code.get(AT).get(ENTRY).op(IntOp.eq[0]).op(IntOp.or[0]).op(Op.select);
  code.memory(Op.i32_store, PageDirectory.writer);
}

/** Pushes 1 if the walk's result has the bit, otherwise 0. */
function emitBit(code: CodeBuffer, bit: number): void {
  code.get(WALKED).op(Op.i32_wrap_i64).i32(Math.log2(bit)).op(IntOp.shr[0]).i32(1).op(IntOp.and[0]);
}

/** Marks the block of a mapping larger than a page as having entries. */
function emitBlock(code: CodeBuffer): void {
  emitBit(code, Walked.block);
  code.if();
  code.get(VA).i64(-1, 0xffff).op(IntOp.and[1]).i64(BlockMap.blockBits).op(IntOp.shr[1]).op(Op.i32_wrap_i64);
  code.i32(BlockMap.factor).op(IntOp.mul[0]).i32(BlockMap.shift).op(IntOp.shr[0]).set(AT);
  code.get(CPU).memory(Op.i32_load, EngineState.blockMap).get(AT).i32(3).op(IntOp.shr[0]).op(IntOp.add[0]).tee(BANK);
  code.get(BANK).memory(Op.i32_load8_u, 0).i32(1).get(AT).i32(7).op(IntOp.and[0]).op(IntOp.shl[0]).op(IntOp.or[0]);
  code.memory(Op.i32_store8, 0);
  code.end();
}
