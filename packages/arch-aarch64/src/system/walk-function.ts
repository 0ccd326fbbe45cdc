import { emitOutsideRam, emitRamOffset, IntOp, Op, Ty, WALK, Walked } from '@qvm/jit';
import type { CodeBuffer, FunctionBody, RamLocals } from '@qvm/jit';
import { State, WalkHalf } from '@qvm/isa-aarch64';

const [CPU, VA, UNPRIVILEGED] = [0, 1, 2];
// Parameter 3, the kind of access, is not needed: all permissions are returned.
const [HALF, TABLE, SHIFT, MASK, PRIVILEGED] = [4, 5, 6, 7, 8];
/**
 * Locals: the current descriptor, the tables' hierarchical attributes, the address of the next table, the address bits
 * below the block.
 */
const [DESCRIPTOR, TABLES, NEXT, BELOW] = [9, 10, 11, 12];
const [USER, WRITABLE, READABLE, WINDOW] = [13, 14, 15, 16];
const LOCALS = [
  ...[Ty.i32, Ty.i32, Ty.i32, Ty.i32, Ty.i32],
  ...[Ty.i64, Ty.i64, Ty.i64, Ty.i64],
  ...[Ty.i32, Ty.i32, Ty.i32, Ty.i32],
];
const TABLE_IN_RAM: RamLocals = { cpu: CPU, address: NEXT, window: WINDOW };

/** Bits of descriptors (Arm ARM D8.3). */
const Bit = { valid: 0, table: 1, user: 6, readOnly: 7, accessFlag: 10, notGlobal: 11, pxn: 53, uxn: 54 } as const;
const TableBit = { pxn: 59, uxn: 60, noUser: 61, readOnly: 62 } as const;
const PAGE_SHIFT = 12;
const BLOCK_SHIFT = 21;
const LEVEL_BITS = 9;

/**
 * Generates {@link WALK} for stage 1 of EL1&0 with granules of 4 KiB (Arm ARM D8.2). It translates like `Mmu`, but
 * only pages and 2 MiB blocks of Normal memory whose tables are in RAM.
 *
 * @experimental
 */
export function walkFunction(code: CodeBuffer): FunctionBody {
  emitBegin(code);
  emitLevels(code);
  emitAllowed(code);
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

/** Selects the half of the address space and checks that the address is in it. */
function emitBegin(code: CodeBuffer): void {
  bit(code, VA, 55).i32(WalkHalf.bytes).op(IntOp.mul[0]).get(CPU).op(IntOp.add[0]).tee(HALF);
  code
    .memory(Op.i32_load, State.walk + WalkHalf.table)
    .tee(TABLE)
    .op(Op.i32_eqz);
  giveUpIf(code);
  code.get(VA).get(VA).i64(8).op(IntOp.shl[1]).i64(63).op(IntOp.sar[1]).op(IntOp.xor[1]);
  code
    .get(HALF)
    .memory(Op.i64_load, State.walk + WalkHalf.checked)
    .op(IntOp.and[1])
    .i64(0)
    .op(IntOp.ne[1]);
  giveUpIf(code);
  code
    .get(HALF)
    .memory(Op.i32_load, State.walk + WalkHalf.shift)
    .set(SHIFT);
  code
    .get(HALF)
    .memory(Op.i32_load, State.walk + WalkHalf.indexMask)
    .set(MASK);
  code.get(CPU).memory(Op.i32_load, State.el).i32(0).op(IntOp.ne[0]);
  code.get(UNPRIVILEGED).op(Op.i32_eqz).op(IntOp.and[0]).set(PRIVILEGED);
}

/** Walks down to the descriptor of a page or block. */
function emitLevels(code: CodeBuffer): void {
  const found = code.block();
  const level = code.loop();
  code.get(TABLE);
  code.get(VA).get(SHIFT).op(Op.i64_extend_i32_u).op(IntOp.shr[1]).op(Op.i32_wrap_i64).get(MASK).op(IntOp.and[0]);
  code.i32(3).op(IntOp.shl[0]).op(IntOp.add[0]).memory(Op.i64_load, 0).set(DESCRIPTOR);
  not(bit(code, DESCRIPTOR, Bit.valid));
  giveUpIf(code);
  code.get(SHIFT).i32(PAGE_SHIFT).op(IntOp.eq[0]).if();
  not(bit(code, DESCRIPTOR, Bit.table));
  giveUpIf(code);
  code.br(found).end();
  not(bit(code, DESCRIPTOR, Bit.table)).if();
  code.get(SHIFT).i32(BLOCK_SHIFT).op(IntOp.ne[0]);
  giveUpIf(code);
  code.br(found).end();
  code.get(TABLES).get(DESCRIPTOR).op(IntOp.or[1]).set(TABLES);
  emitAddress(code);
  code.set(NEXT);
  emitOutsideRam(code, TABLE_IN_RAM);
  giveUpIf(code);
  emitRamOffset(code, TABLE_IN_RAM);
  code.set(TABLE);
  code.get(SHIFT).i32(LEVEL_BITS).op(IntOp.sub[0]).set(SHIFT);
  code.i32((1 << LEVEL_BITS) - 1).set(MASK);
  code.br(level);
  code.end();
  code.end();
}

/** Pushes bits 47–12 of the descriptor. */
function emitAddress(code: CodeBuffer): void {
  code
    .get(DESCRIPTOR)
    .i64(-(1 << PAGE_SHIFT), 0xffff)
    .op(IntOp.and[1]);
}

/** Checks that the access flag is set and the memory is Normal. */
function emitAllowed(code: CodeBuffer): void {
  not(bit(code, DESCRIPTOR, Bit.accessFlag));
  giveUpIf(code);
  code.get(CPU).memory(Op.i32_load, State.normalMemory);
  code.get(DESCRIPTOR).op(Op.i32_wrap_i64).i32(2).op(IntOp.shr[0]).i32(7).op(IntOp.and[0]).op(IntOp.shr[0]);
  not(code.i32(1).op(IntOp.and[0]));
  giveUpIf(code);
}

/** Combines page and permissions into the result (D8.4.1). */
function emitResult(code: CodeBuffer): void {
  code.i64(1).get(SHIFT).op(Op.i64_extend_i32_u).op(IntOp.shl[1]).i64(1).op(IntOp.sub[1]).set(BELOW);
  bit(code, DESCRIPTOR, Bit.user);
  not(bit(code, TABLES, TableBit.noUser))
    .op(IntOp.and[0])
    .set(USER);
  not(bit(code, DESCRIPTOR, Bit.readOnly));
  not(bit(code, TABLES, TableBit.readOnly))
    .op(IntOp.and[0])
    .set(WRITABLE);
  code.get(PRIVILEGED).get(USER).op(IntOp.or[0]).set(READABLE);
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
  code.get(WRITABLE).get(READABLE).op(IntOp.and[0]).i32(Math.log2(Walked.writable)).op(IntOp.shl[0]).op(IntOp.or[0]);
  emitExecutable(code);
  code.i32(Math.log2(Walked.executable)).op(IntOp.shl[0]).op(IntOp.or[0]);
  code.get(SHIFT).i32(PAGE_SHIFT).op(IntOp.ne[0]).i32(Math.log2(Walked.block)).op(IntOp.shl[0]).op(IntOp.or[0]);
  bit(code, DESCRIPTOR, Bit.notGlobal);
  not(bit(code, VA, 55))
    .op(IntOp.or[0])
    .i32(Math.log2(Walked.local))
    .op(IntOp.shl[0])
    .op(IntOp.or[0]);
  code.op(Op.i64_extend_i32_u).op(IntOp.or[1]);
}

/** A page that EL0 may write is never executable at EL1 (D8.4.1.2.3). */
function emitExecutable(code: CodeBuffer): void {
  not(bit(code, DESCRIPTOR, Bit.pxn));
  not(bit(code, TABLES, TableBit.pxn)).op(IntOp.and[0]);
  not(code.get(USER).get(WRITABLE).op(IntOp.and[0])).op(IntOp.and[0]);
  not(bit(code, DESCRIPTOR, Bit.uxn));
  not(bit(code, TABLES, TableBit.uxn)).op(IntOp.and[0]);
  code.get(PRIVILEGED).op(Op.select);
}
