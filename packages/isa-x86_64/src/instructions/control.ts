import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Exit, SystemOperation, Vector } from '../builder/exits.js';
import { Condition } from '../builder/flags.js';
import { Gpr, State } from '../builder/layout.js';
import type { RelativeJump, X86 } from '../builder/x86.js';
import { typeOf } from '../builder/x86.js';
import type { MemoryOperand } from '../describe/operand.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import type { InstructionInfo } from '../describe/instruction-info.js';
import { system } from './system-row.js';

/** A jump that takes place if a condition holds. */
const conditional = ({ size, target, immediate }: InstructionInfo, condition: V): RelativeJump => ({
  size,
  target,
  immediate,
  condition,
});

/** LOOP, LOOPE, LOOPNE: the counter by address size (SDM vol. 2, LOOP). */
function loop(b: X86, info: InstructionInfo, condition?: Condition): void {
  const { addressSize } = info;
  const count = b.sub(b.fixed(Gpr.RCX, addressSize), b.as(b.i32(1), typeOf(addressSize)));
  const more = b.ne(b.cut(count, addressSize), b.imm(0));
  b.setFixed(Gpr.RCX, addressSize, count);
  b.jumpRelative(conditional(info, condition === undefined ? more : b.and(more, b.cond(condition))));
}

/** RET: the return address is popped, and further bytes are released. */
function ret(b: X86, releases: boolean, info: InstructionInfo): void {
  const { size, immediate } = info;
  const address = b.onStack(size);
  const above = b.and(b.as(immediate, Ty.i32), b.imm(0xffff));
  b.setStackPointer(releases ? b.stackPointerPlus(b.add(above, b.imm(1 << size))) : b.stackPointer(1 << size));
  b.jumpNear(address);
}

const INVALID_IN_64 = '06 07 0E 16 17 1E 1F 27 2F 37 3F 60 61 82 9A CE D4 D5 D6 EA';
const COUNTED = { jumps: true, counted: true } as const;

/** Control transfer (SDM vol. 1, 5.1.7). In 64-bit mode, near branches have 64 bits whatever their prefixes. @experimental */
export const controlRows: readonly X86Row[] = [
  inst('Jcc', 'Jcc', ['70+cc Jb,sz f64', '0F 80+cc Jz f64'], { cc: true, jumps: true }, (b, _, info) =>
    b.jumpRelative(conditional(info, b.cond(info.cc))),
  ),
  inst('JMP', 'JMP', ['EB Jb,sz f64', 'E9 Jz f64'], { jumps: true }, (b, _, info) => b.jumpRelative(info)),
  inst('JMP', 'JMP (indirect)', ['FF /4 Ev f64'], {}, (b, [target]) => b.jumpNear(b.read(target))),
  inst('CALL', 'CALL', ['E8 Jz f64'], { jumps: true }, (b, _, info) => {
    b.push(b.nextIp(), info.size);
    const { size, target, immediate } = info;
    b.jumpRelative({ size, target, immediate, call: true });
  }),
  inst('CALL', 'CALL (indirect)', ['FF /2 Ev f64'], {}, (b, [target], { size }) => {
    const address = b.read(target);
    b.push(b.nextIp(), size);
    b.jumpNear(address, true);
  }),
  inst('RET', 'RET', ['C3 sz f64'], {}, (b, _, info) => ret(b, false, info)),
  inst('RET', 'RET (imm16)', ['C2 Iw,sz f64'], {}, (b, _, info) => ret(b, true, info)),
  inst('LOOP', 'LOOP', ['E2 Jb,sz f64'], COUNTED, (b, _, info) => loop(b, info)),
  inst('LOOP', 'LOOPE', ['E1 Jb,sz f64'], COUNTED, (b, _, info) => loop(b, info, Condition.E)),
  inst('LOOP', 'LOOPNE', ['E0 Jb,sz f64'], COUNTED, (b, _, info) => loop(b, info, Condition.NE)),
  inst('Jcc', 'JCXZ, JECXZ, JRCXZ', ['E3 Jb,sz f64'], COUNTED, (b, _, info) =>
    b.jumpRelative(conditional(info, b.eqz(b.fixed(Gpr.RCX, info.addressSize)))),
  ),
  inst(
    'NOP',
    'NOP',
    ['0F 1F Ev', '0F 0D Mv', '0F 18 Ev', '0F 19 Ev', '0F 1A Ev', '0F 1B Ev', '0F 1C Ev', '0F 1D Ev', '0F 1E Ev'],
    {},
    () => undefined,
  ),
  inst('NOP', 'NOP (one byte)', ['NP 90 W0 noB', '66 90 W0 noB'], {}, () => undefined),
  inst('PAUSE', 'PAUSE', ['F3 90'], {}, (b) => b.leaveIfState(State.pauseExit, Exit.Pause, b.i32(0))),
  inst('HLT', 'HLT', ['F4'], {}, (b) => {
    b.requirePrivilege();
    b.leave(Exit.Halt, b.i32(0));
  }),
  system('INT', 'INT', ['CD Ib'], SystemOperation.Int),
  system('INT', 'INT3', ['CC'], SystemOperation.Int3),
  system('INT', 'INT1', ['F1'], SystemOperation.Int1),
  system('INT', 'INTO', ['CE i64'], SystemOperation.Into),
  inst('BOUND', 'BOUND', ['62 Gv,M i64'], {}, (b, [index, bounds], { size }) => {
    const bytes = 1 << size;
    const m = b.openOperand(bounds as MemoryOperand, 2 * bytes, 'read', { element: bytes });
    const signed = (v: V): V => b.sx(v, 8 * bytes);
    const bound = (n: 0 | 1): V => signed(b.loadAt(m, n * bytes, bytes, false, Ty.i32));
    const value = signed(b.read(index));
    b.raiseIf(b.or(b.lts(value, bound(0)), b.gts(value, bound(1))), Vector.BR);
  }),
  system('RET', 'RET (far)', ['CB sz', 'CA Iw,sz'], SystemOperation.RetFar),
  system('CALL', 'CALL (far, immediate)', ['9A Ap i64'], SystemOperation.CallFarImmediate),
  system('JMP', 'JMP (far, immediate)', ['EA Ap i64'], SystemOperation.JmpFarImmediate),
  system('CALL', 'CALL (far, memory)', ['FF /3 M,sz'], SystemOperation.CallFarMemory),
  system('JMP', 'JMP (far, memory)', ['FF /5 M,sz'], SystemOperation.JmpFarMemory),
  system('UD', 'UD2', ['0F 0B'], SystemOperation.Undefined),
  system('UD', 'UD1, UD0', ['0F B9 Gv,Ev', '0F FF Gv,Ev'], SystemOperation.Undefined),
  // Opcodes that are invalid in 64-bit mode (SDM vol. 2, table A-2).
  system(
    'UD',
    'UD (64-bit mode)',
    INVALID_IN_64.split(' ').map((opcode) => `${opcode} o64`),
    SystemOperation.Undefined,
  ),
];
