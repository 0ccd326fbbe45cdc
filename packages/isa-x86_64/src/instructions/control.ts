import { Ty } from '@qvm/jit';
import { Exit, SystemOperation } from '../builder/exits.js';
import { Condition } from '../builder/flags.js';
import { Gpr } from '../builder/layout.js';
import type { X86 } from '../builder/x86.js';
import { typeOf } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { InstructionInfo, X86Row } from '../describe/row.js';
import { system } from './system-row.js';

/** LOOP, LOOPE, LOOPNE: the counter by address size (SDM vol. 2, LOOP). */
function loop(b: X86, { addressSize, target }: InstructionInfo, condition?: Condition): void {
  const count = b.sub(b.fixed(Gpr.RCX, addressSize), b.as(b.i32(1), typeOf(addressSize)));
  const more = b.ne(b.cut(count, addressSize), b.imm(0));
  b.setFixed(Gpr.RCX, addressSize, count);
  b.branch(condition === undefined ? more : b.and(more, b.cond(condition)), target);
}

/** RET: the return address is popped, and further bytes are released. */
function ret(b: X86, released: number | undefined, info: InstructionInfo): void {
  const { size, wide } = info;
  const address = b.as(b.top(size), Ty.i64);
  const above = b.add(b.fixed(Gpr.RSP, 3), b.i64(1 << size));
  b.setFixed(Gpr.RSP, 3, released === undefined ? above : b.add(above, b.and(b.as(wide, Ty.i64), b.imm(0xffff))));
  b.jumpTo(address);
}

/** Control transfer (SDM vol. 1, 5.1.7). In 64-bit mode, near branches have 64 bits whatever their prefixes. @experimental */
export const controlRows: readonly X86Row[] = [
  inst('Jcc', 'Jcc', ['70+cc Jb', '0F 80+cc Jz f64'], { cc: true, jumps: true }, (b, _, { cc, target }) =>
    b.branch(b.cond(cc), target),
  ),
  inst('JMP', 'JMP', ['EB Jb', 'E9 Jz f64'], { jumps: true }, (b, _, { target }) => b.jump(target)),
  inst('JMP', 'JMP (indirect)', ['FF /4 Ev f64'], {}, (b, [target]) => b.jumpTo(b.as(b.read(target), Ty.i64))),
  inst('CALL', 'CALL', ['E8 Jz f64'], { jumps: true }, (b, _, { target }) => {
    b.push(b.nextPc());
    b.jump(target, true);
  }),
  inst('CALL', 'CALL (indirect)', ['FF /2 Ev f64'], {}, (b, [target]) => {
    const address = b.as(b.read(target), Ty.i64);
    b.push(b.nextPc());
    b.jumpTo(address, true);
  }),
  inst('RET', 'RET', ['C3 sz f64'], {}, (b, _, info) => ret(b, undefined, info)),
  inst('RET', 'RET (imm16)', ['C2 Iw,sz f64'], {}, (b, _, info) => ret(b, 1, info)),
  inst('LOOP', 'LOOP', ['E2 Jb'], { jumps: true, counted: true }, (b, _, info) => loop(b, info)),
  inst('LOOP', 'LOOPE', ['E1 Jb'], { jumps: true, counted: true }, (b, _, info) => loop(b, info, Condition.E)),
  inst('LOOP', 'LOOPNE', ['E0 Jb'], { jumps: true, counted: true }, (b, _, info) => loop(b, info, Condition.NE)),
  inst('Jcc', 'JCXZ, JECXZ, JRCXZ', ['E3 Jb'], { jumps: true, counted: true }, (b, _, { addressSize, target }) =>
    b.branch(b.eqz(b.fixed(Gpr.RCX, addressSize)), target),
  ),
  inst(
    'NOP',
    'NOP',
    ['0F 1F Ev', '0F 0D Mv', '0F 18 Ev', '0F 19 Ev', '0F 1A Ev', '0F 1B Ev', '0F 1C Ev', '0F 1D Ev', '0F 1E Ev'],
    {},
    () => undefined,
  ),
  inst('NOP', 'NOP (one byte)', ['NP 90 W0 noB', '66 90 W0 noB'], {}, () => undefined),
  inst('PAUSE', 'PAUSE', ['F3 90'], {}, (b) => b.leave(Exit.Pause, b.i32(0))),
  inst('HLT', 'HLT', ['F4'], {}, (b) => {
    b.requirePrivilege();
    b.leave(Exit.Halt, b.i32(0));
  }),
  system('INT', 'INT', ['CD Ib'], SystemOperation.Int),
  system('INT', 'INT3', ['CC'], SystemOperation.Int3),
  system('INT', 'INT1', ['F1'], SystemOperation.Int1),
  system('INT', 'INTO', ['CE i64'], SystemOperation.Into),
  system('IRET', 'IRET, IRETD, IRETQ', ['CF sz'], SystemOperation.Iret),
  system('RET', 'RET (far)', ['CB sz', 'CA Iw,sz'], SystemOperation.RetFar),
  system('CALL', 'CALL (far, memory)', ['FF /3 M,sz'], SystemOperation.CallFarMemory),
  system('JMP', 'JMP (far, memory)', ['FF /5 M,sz'], SystemOperation.JmpFarMemory),
  system('UD', 'UD2', ['0F 0B'], SystemOperation.Undefined),
  system('UD', 'UD1, UD0', ['0F B9 Gv,Ev', '0F FF Gv,Ev'], SystemOperation.Undefined),
];
