import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Exit, SystemOperation } from '../builder/exits.js';
import { PackedFlag } from '../builder/flags.js';
import { Gpr, State } from '../builder/layout.js';
import { Flag, WRITABLE_FLAGS } from '../builder/rflags.js';
import { typeOf } from '../builder/x86.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import type { InstructionInfo } from '../describe/instruction-info.js';
import { anyFlag, letsInterruptIn } from './privilege.js';
import { pushedFlags, setFlagsRegister, setStatusFlags, statusFlags } from './rflags.js';

/** The registers of PUSHA, in its order. */
const REGISTERS = [Gpr.RAX, Gpr.RCX, Gpr.RDX, Gpr.RBX, Gpr.RSP, Gpr.RBP, Gpr.RSI, Gpr.RDI];

/** PUSH of an operand. */
function push(b: X86, v: V, { size }: InstructionInfo): void {
  b.push(v, size);
}

/**
 * POPF (SDM vol. 2). Changes of TF, IOPL and AC, interrupts that are let in, and the rules of real segments are left to the
 * vCPU.
 */
function popFlags(b: X86, info: InstructionInfo): void {
  const { size } = info;
  const Op = SystemOperation.Popf;
  const writable = WRITABLE_FLAGS & ~(Flag.VM | Flag.RF | Flag.VIF | Flag.VIP) & (size === 1 ? 0xffff : ~0);
  b.leaveToVcpuIfWatched(info, Op);
  if (!b.isLong) b.leaveToVcpuIf(b.stateAt(State.realSegments, 4), info, Op);
  const popped = b.as(b.onStack(size), Ty.i32);
  const old = pushedFlags(b);
  const fixed = b.or(
    b.select(b.stateAt(State.notPrivileged, 4), b.i32(Flag.IOPL), b.i32(0)),
    b.select(b.stateAt(State.interruptFlagTrap, 4), b.i32(Flag.IF), b.i32(0)),
  );
  const mask = b.and(b.not(fixed), b.imm(writable));
  const rflags = b.xor(old, b.and(b.xor(old, popped), mask));
  const traps = b.or(anyFlag(b, b.or(old, rflags), Flag.TF), letsInterruptIn(b, rflags));
  b.leaveToVcpuIf(b.or(traps, anyFlag(b, b.xor(old, rflags), Flag.IOPL | Flag.AC)), info, Op);
  setFlagsRegister(b, rflags);
  b.setStackPointer(b.stackPointer(1 << size));
}

/** Stack instructions (SDM vol. 1, 5.1.1). The builder knows the width of the stack pointer. @experimental */
export const stackRows: readonly X86Row[] = [
  inst('PUSH', 'PUSH', ['50+r Zv d64', 'FF /6 Ev d64', '68 Iz,sz d64', '6A Ib,sz d64'], {}, (b, [source], info) =>
    push(b, source.kind === 'immediate' ? b.as(source.value, typeOf(info.size)) : b.read(source), info),
  ),
  inst('POP', 'POP', ['58+r Zv d64', '8F /0 Ev d64'], { popsBeforeAddress: true }, (b, [target], { size }) => {
    const value = b.onStack(size);
    if (target.kind === 'memory') b.write(target, value);
    b.setStackPointer(b.stackPointer(1 << size));
    // POP RSP: the value remains.
    if (target.kind === 'register') b.write(target, value);
  }),
  inst(
    'PUSH',
    'PUSH (segment register)',
    ['06 ES,sz i64', '0E CS,sz i64', '16 SS,sz i64', '1E DS,sz i64', '0F A0 FS,sz d64', '0F A8 GS,sz d64'],
    {},
    (b, [source], info) => {
      if (source.kind !== 'register') throw new Error('a segment register');
      push(b, b.as(b.selector(source.register), typeOf(info.size)), info);
    },
  ),
  inst('PUSHA', 'PUSHA, PUSHAD', ['60 sz i64'], {}, (b, _, { size }) => {
    const bytes = 1 << size;
    REGISTERS.forEach((register, n) => {
      const at = b.openStack(b.stackPointer(-bytes * (n + 1)), bytes, 'write');
      b.storeAt(at, 0, bytes, b.fixed(register, size));
    });
    b.setStackPointer(b.stackPointer(-bytes * REGISTERS.length));
  }),
  inst('POPA', 'POPA, POPAD', ['61 sz i64'], {}, (b, _, { size }) => {
    const above = (register: Gpr): number => (REGISTERS.length - 1 - register) << size;
    const popped = REGISTERS.filter((register) => register !== Gpr.RSP);
    for (const register of popped) b.setFixed(register, size, b.onStack(size, b.stackPointer(above(register))));
    b.setStackPointer(b.stackPointer(REGISTERS.length << size));
  }),
  inst('PUSHF', 'PUSHF, PUSHFQ', ['9C sz d64'], {}, (b, _, info) => {
    b.requireFlagAccess();
    push(b, b.as(pushedFlags(b), typeOf(info.size)), info);
  }),
  inst('LEAVE', 'LEAVE', ['C9 sz d64'], {}, (b, _, { size }) => {
    const frame = b.fixed(Gpr.RBP, b.stackSize);
    const value = b.onStack(size, frame);
    b.setStackPointer(b.add(frame, b.imm(1 << size)));
    b.setFixed(Gpr.RBP, size, value);
  }),
  inst('LAHF', 'LAHF', ['9F i64', '9F o64 @lahf_lm'], {}, (b) => {
    const low = b.or(b.and(statusFlags(b), b.imm(0xff)), b.imm(2));
    const ax = b.fixed(Gpr.RAX, 1);
    b.setFixed(Gpr.RAX, 1, b.or(b.and(ax, b.imm(0xff)), b.shl(low, b.imm(8))));
  }),
  inst('SAHF', 'SAHF', ['9E i64', '9E o64 @lahf_lm'], {}, (b) =>
    setStatusFlags(b, b.shr(b.fixed(Gpr.RAX, 1), b.imm(8)), true),
  ),
  inst('CLC', 'CLC', ['F8'], {}, (b) => b.setPackedFlags(b.and(b.packedFlags(), b.imm(~PackedFlag.CF)))),
  inst('STC', 'STC', ['F9'], {}, (b) => b.setPackedFlags(b.or(b.packedFlags(), b.imm(PackedFlag.CF)))),
  inst('CMC', 'CMC', ['F5'], {}, (b) => b.setPackedFlags(b.xor(b.packedFlags(), b.imm(PackedFlag.CF)))),
  inst('CLD', 'CLD', ['FC'], {}, (b) => b.setState(State.direction, b.i32(1))),
  inst('STD', 'STD', ['FD'], {}, (b) => b.setState(State.direction, b.i32(-1))),
  inst('CLI', 'CLI', ['FA'], {}, (b) => {
    b.leaveIfState(State.interruptFlagTrap, Exit.System, b.i32(SystemOperation.Cli));
    b.setState(State.eflags, b.and(b.stateAt(State.eflags, 4), b.imm(~0x200)));
  }),
  inst('STI', 'STI', ['FB'], {}, (b) => {
    b.leaveIfState(State.interruptFlagTrap, Exit.System, b.i32(SystemOperation.Sti));
    // The vCPU must see that interrupts are enabled only if one waits.
    b.leaveIf(b.stateAt(State.pendingInterrupt, 4), Exit.System, b.i32(SystemOperation.Sti));
    b.setState(State.eflags, b.or(b.stateAt(State.eflags, 4), b.imm(0x200)));
  }),
  inst('POPF', 'POPF, POPFQ', ['9D sz d64'], {}, (b, _, info) => popFlags(b, info)),
  inst('ENTER', 'ENTER', ['C8 Iw,Ib,sz d64'], {}, (b, [bytes], info) => {
    const nested = b.and(
      b.shr(b.as(bytes.kind === 'immediate' ? bytes.value : b.i32(0), Ty.i32), b.imm(16)),
      b.imm(31),
    );
    const operation = b.operation(info, SystemOperation.Enter);
    const immediate = b.as(bytes.kind === 'immediate' ? bytes.value : b.i32(0), Ty.i64);
    b.leaveIf(nested, Exit.System, operation, { offset: State.operandAddress, value: immediate });
    const { size } = info;
    const frame = b.stackPointer(-(1 << size));
    b.storeAt(b.openStack(frame, 1 << size, 'write'), 0, 1 << size, b.fixed(Gpr.RBP, size));
    b.setFixed(Gpr.RBP, size, b.as(frame, typeOf(size)));
    b.setStackPointer(b.sub(frame, b.as(b.and(immediate, b.imm(0xffff)), typeOf(b.stackSize))));
  }),
];
