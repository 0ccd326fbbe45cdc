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
import { WalkState } from './walk-parameters.js';

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
const LARGE_SHIFT = 21;
const FIRST_SHIFT = 39;
const LEVEL_BITS = 9;
/** PAT, which is the lowest bit of a large page's entry that is not reserved. */
const PAT = 12;
const ADDRESS_HIGH = (1 << (PHYSICAL_ADDRESS_BITS - 32)) - 1;
const CANONICAL_BITS = 48;
const USER_LEVEL = 3;

/**
 * Generates {@link WALK} for 4-level paging (SDM vol. 3, 4.5). It translates like `Mmu`, but only pages of 4 KiB and
 * 2 MiB whose tables are in RAM. Pages of 1 GiB are left to the engine, which notes all their blocks for INVLPG. It sets
 * A in each entry, and D for a permitted write, by an atomic exchange (4.8). A page is writable in the result only if its
 * D is set, so that its first write walks again.
 *
 * @experimental
 */
export function walkFunction(code: CodeBuffer): FunctionBody {
  emitBegin(code);
  emitLevels(code);
  emitPermissions(code);
  emitMark(code, true);
  emitResult(code);
  return { locals: LOCALS, code: code.toBytes() };
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

/** Checks that the walk is possible and the address canonical. */
function emitBegin(code: CodeBuffer): void {
  code.get(CPU).memory(Op.i32_load, WalkState.table).tee(TABLE).op(Op.i32_eqz);
  giveUpIf(code);
  const above = 64 - CANONICAL_BITS;
  code.get(VA).i64(above).op(IntOp.shl[1]).i64(above).op(IntOp.sar[1]).get(VA).op(IntOp.ne[1]);
  giveUpIf(code);
  code.i32(FIRST_SHIFT).set(SHIFT);
  code.i64(-1).set(ALL);
  code.get(CPU).memory(Op.i32_load, State.cpl).i32(USER_LEVEL).op(IntOp.ne[0]);
  not(code.get(UNPRIVILEGED)).op(IntOp.and[0]).set(PRIVILEGED);
}

/** Walks down to the entry of a page. */
function emitLevels(code: CodeBuffer): void {
  const found = code.block();
  const level = code.loop();
  code.get(TABLE);
  code.get(VA).get(SHIFT).op(Op.i64_extend_i32_u).op(IntOp.shr[1]).op(Op.i32_wrap_i64);
  code.i32((1 << LEVEL_BITS) - 1).op(IntOp.and[0]);
  code.i32(3).op(IntOp.shl[0]).op(IntOp.add[0]).tee(AT).memory(Op.i64_load, 0).set(ENTRY);
  not(bit(code, ENTRY, Bit.present));
  giveUpIf(code);
  code.get(ENTRY).get(CPU).memory(Op.i64_load, WalkState.reserved).op(IntOp.and[1]).i64(0).op(IntOp.ne[1]);
  giveUpIf(code);
  code.get(ALL).get(ENTRY).op(IntOp.and[1]).set(ALL);
  code.get(ANY).get(ENTRY).op(IntOp.or[1]).set(ANY);
  code.get(SHIFT).i32(PAGE_SHIFT).op(IntOp.eq[0]).if();
  code.br(found).end();
  bit(code, ENTRY, Bit.large).if();
  code.get(SHIFT).i32(LARGE_SHIFT).op(IntOp.ne[0]);
  giveUpIf(code);
  const reserved = (1 << LARGE_SHIFT) - (1 << (PAT + 1));
  code.get(ENTRY).i64(reserved).op(IntOp.and[1]).i64(0).op(IntOp.ne[1]);
  giveUpIf(code);
  code.br(found).end();
  emitMark(code, false);
  emitAddress(code);
  code.set(NEXT);
  emitOutsideRam(code, TABLE_IN_RAM);
  giveUpIf(code);
  emitRamOffset(code, TABLE_IN_RAM);
  code.set(TABLE);
  code.get(SHIFT).i32(LEVEL_BITS).op(IntOp.sub[0]).set(SHIFT);
  code.br(level);
  code.end();
  code.end();
}

/** Pushes the address bits of the entry. */
function emitAddress(code: CodeBuffer): void {
  code
    .get(ENTRY)
    .i64(-(1 << PAGE_SHIFT), ADDRESS_HIGH)
    .op(IntOp.and[1]);
}

/** Sets A of the entry, and D of the entry of a page that is written. Gives up if the entry has changed meanwhile. */
function emitMark(code: CodeBuffer, isPage: boolean): void {
  const flag = (number: number): CodeBuffer => code.i64(1 << number);
  flag(Bit.accessed);
  if (isPage) {
    code.get(ACCESS).i32(FillAccess.write).op(IntOp.eq[0]).op(Op.i64_extend_i32_u);
    code.i64(Bit.dirty).op(IntOp.shl[1]).op(IntOp.or[1]);
  }
  code.get(ENTRY).op(IntOp.or[1]).tee(MARKED).get(ENTRY).op(IntOp.ne[1]).if();
  emitIsReadOnly(code);
  giveUpIf(code);
  code.get(AT).get(ENTRY).get(MARKED).memory(Op.i64_atomic_rmw_cmpxchg, 0, 3);
  code.get(ENTRY).op(IntOp.ne[1]);
  giveUpIf(code);
  code.get(MARKED).set(ENTRY).end();
}

/** Whether the present table is not in RAM: a window of RAM may have holes with ROM. The first table is in RAM. */
function emitIsReadOnly(code: CodeBuffer): void {
  code.get(SHIFT).i32(FIRST_SHIFT).op(IntOp.ne[0]).if(Ty.i32);
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
