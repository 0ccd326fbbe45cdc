import { State } from '@qvm/isa-x86_64';
import {
  emitOutsideRam,
  emitRamOffset,
  FillAccess,
  IntOp,
  Op,
  PageDirectory,
  RamWindow,
  Ty,
  WALK,
  Walked,
} from '@qvm/jit';
import type { CodeBuffer, FunctionBody, RamLocals } from '@qvm/jit';
import { PHYSICAL_ADDRESS_BITS } from './mmu.js';
import { WalkFormat, WalkState } from './walk-parameters.js';

const [CPU, VA, UNPRIVILEGED, ACCESS] = [0, 1, 2, 3];
const [TABLE, SHIFT, PRIVILEGED, USER, READABLE] = [4, 5, 6, 7, 8];
/**
 * Locals: the current entry, the AND of the entries, their OR, the guest-physical address of the present table if it is
 * not the first, the address bits below the page's size, the entry with its new flags.
 */
const [ENTRY, ALL, ANY, NEXT, BELOW, MARKED] = [9, 10, 11, 12, 13, 14];
/** Locals: the window of the present table, the address of the entry, and permissions apart from D. */
const [WINDOW, AT, WRITABLE, EXECUTABLE] = [15, 16, 17, 18];
const LOCALS = [
  ...[Ty.i32, Ty.i32, Ty.i32, Ty.i32, Ty.i32], // TABLE to READABLE
  ...[Ty.i64, Ty.i64, Ty.i64, Ty.i64, Ty.i64, Ty.i64], // ENTRY to MARKED
  ...[Ty.i32, Ty.i32, Ty.i32, Ty.i32], // WINDOW to EXECUTABLE
];
const TABLE_IN_RAM: RamLocals = { cpu: CPU, address: NEXT, window: WINDOW };

/** Bit numbers of entries (SDM vol. 3, 4.5). */
const Bit = { present: 0, writable: 1, user: 2, accessed: 5, dirty: 6, large: 7, global: 8, noExecute: 63 } as const;
const PAGE_SHIFT = 12;
/** PAT, which is the lowest bit of a large page's entry that is not reserved. */
const PAT = 12;
const ADDRESS_HIGH = (1 << (PHYSICAL_ADDRESS_BITS - 32)) - 1;
const CANONICAL_BITS = 48;
/** Width of linear addresses outside of IA-32e mode. */
const NARROW_BITS = 32;
/** The lowest address bit that the PDPTE registers translate. */
const POINTER_SHIFT = 30;
const USER_LEVEL = 3;

/** Tables of one kind (SDM vol. 3, 4.3 to 4.5). */
interface Tables {
  /** log2 of the bytes of an entry. */
  readonly entryShift: number;
  /** Instructions that load and exchange an entry as an i64. */
  readonly load: number;
  readonly exchange: number;
  /** The lowest address bit that the first table translates. */
  readonly firstShift: number;
  /** Address bits that a table translates. */
  readonly levelBits: number;
  /** log2 of the size of large pages. */
  readonly largeShift: number;
  /** Whether CR3 has the first table. */
  readonly inControlRegister: boolean;
}

const WIDE = {
  entryShift: 3,
  load: Op.i64_load,
  exchange: Op.i64_atomic_rmw_cmpxchg,
  levelBits: 9,
  largeShift: 21,
} as const;
const FOUR_LEVEL: Tables = { ...WIDE, firstShift: 39, inControlRegister: true };
const PAE: Tables = { ...WIDE, firstShift: 21, inControlRegister: false };
const LEGACY: Tables = {
  entryShift: 2,
  load: Op.i64_load32_u,
  exchange: Op.i64_atomic_rmw32_cmpxchg_u,
  firstShift: 22,
  levelBits: 10,
  largeShift: 22,
  inControlRegister: true,
};

/**
 * Generates {@link WALK} for all modes of paging (SDM vol. 3, 4.3 to 4.5). It translates like `Mmu`, but only pages whose tables are in RAM, of 4 KiB,
 * 2 MiB, and 4 MiB below 4 GiB. Pages of 1 GiB are left to the engine, which notes all their blocks for INVLPG. It sets
 * A in each entry, and D for a permitted write, by an atomic exchange (4.8). A page is writable in the result only if its
 * D is set, so that its first write walks again.
 *
 * @experimental
 */
export function walkFunction(code: CodeBuffer): FunctionBody {
  emitBegin(code);
  emitIfFormat(code, WalkFormat.FourLevel, () => {
    emitRequireCanonical(code);
    emitWalk(code, FOUR_LEVEL);
  });
  code.get(VA).i64(NARROW_BITS).op(IntOp.shr[1]).i64(0).op(IntOp.ne[1]);
  giveUpIf(code);
  emitIfFormat(code, WalkFormat.Legacy, () => emitWalk(code, LEGACY));
  emitIfFormat(code, WalkFormat.Pae, () => {
    emitPointer(code);
    emitWalk(code, PAE);
  });
  emitIfFormat(code, WalkFormat.Flat, () => emitFlat(code));
  code.i64(-1);
  return { locals: LOCALS, code: code.toBytes() };
}

/** Emits code for one format; it ends by a return. */
function emitIfFormat(code: CodeBuffer, format: WalkFormat, emit: () => void): void {
  code.get(CPU).memory(Op.i32_load, WalkState.format).i32(format).op(IntOp.eq[0]).if();
  emit();
  code.end();
}

/** Emits a walk through tables, from the first one in TABLE to the return of the result. */
function emitWalk(code: CodeBuffer, tables: Tables): void {
  code.i32(tables.firstShift).set(SHIFT);
  emitLevels(code, tables);
  emitPermissions(code);
  emitMark(code, tables, true);
  emitResult(code);
  code.op(Op.return);
}

/** Without paging, everything is allowed, and there is one address space. */
function emitFlat(code: CodeBuffer): void {
  code
    .get(VA)
    .i64(-(1 << PAGE_SHIFT), -1)
    .op(IntOp.and[1]);
  code.i64(Walked.readable | Walked.writable | Walked.executable | Walked.local);
  code.op(IntOp.or[1]).op(Op.return);
}

function giveUpIf(code: CodeBuffer): void {
  code.if();
  code.i64(-1).op(Op.return).end();
}

/** Pushes a bit of a local, as an i32 that is 1 or 0. */
function bit(code: CodeBuffer, local: number, number: number): CodeBuffer {
  return code.get(local).i64(number).op(IntOp.shr[1]).op(Op.i32_wrap_i64).i32(1).op(IntOp.and[0]);
}

const not = (code: CodeBuffer): CodeBuffer => code.op(Op.i32_eqz);

function emitBegin(code: CodeBuffer): void {
  code.get(CPU).memory(Op.i32_load, WalkState.table).set(TABLE);
  code.i64(-1).set(ALL);
  code.get(CPU).memory(Op.i32_load, State.cpl).i32(USER_LEVEL).op(IntOp.ne[0]);
  not(code.get(UNPRIVILEGED)).op(IntOp.and[0]).set(PRIVILEGED);
}

function emitRequireCanonical(code: CodeBuffer): void {
  const above = 64 - CANONICAL_BITS;
  code.get(VA).i64(above).op(IntOp.shl[1]).i64(above).op(IntOp.sar[1]).get(VA).op(IntOp.ne[1]);
  giveUpIf(code);
}

/** Takes the first table from the PDPTE register of the address (SDM vol. 3, 4.4). */
function emitPointer(code: CodeBuffer): void {
  code.get(VA).i64(POINTER_SHIFT).op(IntOp.shr[1]).op(Op.i32_wrap_i64).i32(3).op(IntOp.shl[0]);
  code.get(CPU).op(IntOp.add[0]).memory(Op.i64_load, State.pdpte).set(ENTRY);
  not(bit(code, ENTRY, Bit.present));
  giveUpIf(code);
  emitEnterTable(code);
}

/** Makes the table of the entry the present one. */
function emitEnterTable(code: CodeBuffer): void {
  emitAddress(code);
  code.set(NEXT);
  emitOutsideRam(code, TABLE_IN_RAM);
  giveUpIf(code);
  emitRamOffset(code, TABLE_IN_RAM);
  code.set(TABLE);
}

/** Walks down to the entry of a page. */
function emitLevels(code: CodeBuffer, tables: Tables): void {
  const found = code.block();
  const level = code.loop();
  emitLoad(code, tables);
  code.get(SHIFT).i32(PAGE_SHIFT).op(IntOp.eq[0]).if();
  code.br(found).end();
  bit(code, ENTRY, Bit.large).if();
  code.get(SHIFT).i32(tables.largeShift).op(IntOp.ne[0]);
  giveUpIf(code);
  // Bits that are reserved, or are part of an address above 4 GiB in 32-bit paging.
  const reserved = (1 << tables.largeShift) - (1 << (PAT + 1));
  code.get(ENTRY).i64(reserved).op(IntOp.and[1]).i64(0).op(IntOp.ne[1]);
  giveUpIf(code);
  code.br(found).end();
  emitMark(code, tables, false);
  emitEnterTable(code);
  code.get(SHIFT).i32(tables.levelBits).op(IntOp.sub[0]).set(SHIFT);
  code.br(level);
  code.end();
  code.end();
}

/** Loads the entry of the present table, and gives up if it is not present or has reserved bits. */
function emitLoad(code: CodeBuffer, { entryShift, load, levelBits }: Tables): void {
  code.get(TABLE);
  code.get(VA).get(SHIFT).op(Op.i64_extend_i32_u).op(IntOp.shr[1]).op(Op.i32_wrap_i64);
  code.i32((1 << levelBits) - 1).op(IntOp.and[0]);
  code.i32(entryShift).op(IntOp.shl[0]).op(IntOp.add[0]).tee(AT).memory(load, 0).set(ENTRY);
  not(bit(code, ENTRY, Bit.present));
  giveUpIf(code);
  code.get(ENTRY).get(CPU).memory(Op.i64_load, WalkState.reserved).op(IntOp.and[1]).i64(0).op(IntOp.ne[1]);
  giveUpIf(code);
  code.get(ALL).get(ENTRY).op(IntOp.and[1]).set(ALL);
  code.get(ANY).get(ENTRY).op(IntOp.or[1]).set(ANY);
}

/** Pushes the address bits of the entry. */
function emitAddress(code: CodeBuffer): void {
  code
    .get(ENTRY)
    .i64(-(1 << PAGE_SHIFT), ADDRESS_HIGH)
    .op(IntOp.and[1]);
}

/** Sets A of the entry, and D of the entry of a page that is written. Gives up if the entry has changed meanwhile. */
function emitMark(code: CodeBuffer, tables: Tables, isPage: boolean): void {
  const flag = (number: number): CodeBuffer => code.i64(1 << number);
  flag(Bit.accessed);
  if (isPage) {
    code.get(ACCESS).i32(FillAccess.write).op(IntOp.eq[0]).op(Op.i64_extend_i32_u);
    code.i64(Bit.dirty).op(IntOp.shl[1]).op(IntOp.or[1]);
  }
  code.get(ENTRY).op(IntOp.or[1]).tee(MARKED).get(ENTRY).op(IntOp.ne[1]).if();
  emitIsReadOnly(code, tables);
  giveUpIf(code);
  code.get(AT).get(ENTRY).get(MARKED).memory(tables.exchange, 0, tables.entryShift);
  code.get(ENTRY).op(IntOp.ne[1]);
  giveUpIf(code);
  code.get(MARKED).set(ENTRY).end();
}

/** Whether the present table is not in RAM: a window of RAM may have holes with ROM. The table of CR3 is in RAM. */
function emitIsReadOnly(code: CodeBuffer, tables: Tables): void {
  code.get(SHIFT).i32(tables.firstShift).op(IntOp.ne[0]);
  code
    .i32(tables.inControlRegister ? 0 : 1)
    .op(IntOp.or[0])
    .if(Ty.i32);
  code.get(WINDOW).memory(Op.i32_load, RamWindow.directory);
  code.get(NEXT).i64(PAGE_SHIFT).op(IntOp.shr[1]).op(Op.i32_wrap_i64);
  code.i32(Math.log2(PageDirectory.bytes)).op(IntOp.shl[0]).op(IntOp.add[0]).memory(Op.i32_load, 0);
  code.i32(PageDirectory.absent).op(IntOp.and[0]);
  code.else().i32(0).end();
}

/** Computes the permissions without D (SDM vol. 3, 4.6), and gives up unless they allow the access. */
function emitPermissions(code: CodeBuffer): void {
  bit(code, ALL, Bit.user).set(USER);
  code.get(PRIVILEGED).get(USER).op(IntOp.or[0]).set(READABLE);
  emitWritable(code);
  code.set(WRITABLE);
  emitExecutable(code);
  code.set(EXECUTABLE);
  code.get(READABLE);
  code.get(WRITABLE).i32(FillAccess.write).op(IntOp.shl[0]).op(IntOp.or[0]);
  code.get(EXECUTABLE).i32(FillAccess.execute).op(IntOp.shl[0]).op(IntOp.or[0]);
  not(code.get(ACCESS).op(IntOp.shr[0]).i32(1).op(IntOp.and[0]));
  giveUpIf(code);
}

/** Combines page and permissions into the result. */
function emitResult(code: CodeBuffer): void {
  code.i64(1).get(SHIFT).op(Op.i64_extend_i32_u).op(IntOp.shl[1]).i64(1).op(IntOp.sub[1]).set(BELOW);
  emitAddress(code);
  code.get(BELOW).i64(-1).op(IntOp.xor[1]).op(IntOp.and[1]);
  code
    .get(VA)
    .get(BELOW)
    .op(IntOp.and[1])
    .i64(-(1 << PAGE_SHIFT), -1)
    .op(IntOp.and[1])
    .op(IntOp.or[1]);
  code.get(READABLE);
  code.get(WRITABLE);
  bit(code, ENTRY, Bit.dirty).op(IntOp.and[0]);
  code.i32(Math.log2(Walked.writable)).op(IntOp.shl[0]).op(IntOp.or[0]);
  code.get(EXECUTABLE).i32(Math.log2(Walked.executable)).op(IntOp.shl[0]).op(IntOp.or[0]);
  code.get(SHIFT).i32(PAGE_SHIFT).op(IntOp.ne[0]).i32(Math.log2(Walked.block)).op(IntOp.shl[0]).op(IntOp.or[0]);
  bit(code, ENTRY, Bit.global);
  not(code.get(CPU).memory(Op.i32_load, WalkState.globals).op(IntOp.and[0]));
  code.i32(Math.log2(Walked.local)).op(IntOp.shl[0]).op(IntOp.or[0]);
  code.op(Op.i64_extend_i32_u).op(IntOp.or[1]);
}

/** A page that is writable, or that a supervisor writes in spite of its entry (CR0.WP = 0). */
function emitWritable(code: CodeBuffer): void {
  code.get(PRIVILEGED).get(CPU).memory(Op.i32_load, WalkState.writeAny).op(IntOp.and[0]);
  bit(code, ALL, Bit.writable).op(IntOp.or[0]);
  code.get(READABLE).op(IntOp.and[0]);
}

/** A page without XD, of a user for users, not of a user for supervisors with SMEP. */
function emitExecutable(code: CodeBuffer): void {
  not(code.get(USER).get(CPU).memory(Op.i32_load, WalkState.smep).op(IntOp.and[0]));
  code.get(USER).get(PRIVILEGED).op(Op.select);
  not(bit(code, ANY, Bit.noExecute)).op(IntOp.and[0]);
}
