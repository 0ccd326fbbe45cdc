import { derived, int, small, Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { Exit, State } from '../builder/layout.js';
import { CTR_EL0, DCZID_BLOCK } from '../registers/cache-identification.js';
import { registerAt, registerNamed, systemEncoding } from '../registers/register-table.js';
import { inst } from './row.js';
import type { A64Row } from './row.js';

interface Encoded {
  readonly o0: number;
  readonly op1: number;
  readonly CRn: number;
  readonly CRm: number;
  readonly op2: number;
  readonly Rt: number;
}

const encodingOf = (f: Encoded): number => systemEncoding(2 + f.o0, f.op1, f.CRn, f.CRm, f.op2);
const registerOf = (f: Encoded) => registerAt(encodingOf(f));
/** The low 22 bits of the instruction word, the operand of {@link Exit.System}. */
const systemInfo = (read: number, op0: number) => int((f: Omit<Encoded, 'o0'>) => (read << 21) | (systemEncoding(op0, f.op1, f.CRn, f.CRm, f.op2) << 5) | f.Rt);

/** How an access is performed: by the engine, or directly on the storage at any exception level or above EL0 only. */
enum Way { Leave, Any, Privileged }

function readWay(f: Encoded): Way {
  const r = registerOf(f);
  if (!r || !r.el1.includes('r') || (r.kind !== 'plain' && r.kind !== 'checked')) return Way.Leave;
  return r.el0.includes('r') ? Way.Any : Way.Privileged;
}

function writeWay(f: Encoded): Way {
  const r = registerOf(f);
  if (!r || !r.el1.includes('w') || r.kind !== 'plain') return Way.Leave;
  return r.el0.includes('w') ? Way.Any : Way.Privileged;
}

const storage = small((f: Encoded) => registerOf(f)?.offset ?? 0);
const moveInfo = (read: number) => int((f: Encoded) => (read << 21) | (encodingOf(f) << 5) | f.Rt);

const D_BIT = 9;
/** Software step enable (Arm ARM D19.3.20). */
const MDSCR_SS = 1;

/** Sets PSTATE.DAIF, unless that may unmask an interrupt or affect software step: the engine does that. */
function setDaif(b: A64, daif: V, exit: Exit, info: V): void {
  const admitted = b.and(b.stateAt(State.pendingInterrupts, 4), b.not(daif));
  const steps = b.and(b.stateAt(MDSCR.offset, 4), b.imm(MDSCR_SS));
  const debug = b.and(b.shr(b.xor(b.stateAt(State.daif, 4), b.as(daif, Ty.i32)), b.imm(D_BIT)), steps);
  b.leaveIf(b.or(b.or(admitted, debug), b.eqz(b.stateAt(State.el, 4))), exit, info);
  b.setState(State.daif, daif);
}

function leaveAtEl0(b: A64, info: V): void {
  b.leaveIf(b.eqz(b.stateAt(State.el, 4)), Exit.System, info);
}

const SP_EL0 = registerNamed('SP_EL0');
const DAIF = registerNamed('DAIF');
const MDSCR = registerNamed('MDSCR_EL1');
const CTR = registerNamed('CTR_EL0');
const DCZID = registerNamed('DCZID_EL0');

const FPCR_WRITABLE = 0x07c00000;
const FPSR_WRITABLE = 0x0800009f;

/** An element size above those of loads and stores tells the slow path to refuse Device memory. */
const ZVA_HALF = { element: 32 };

/** `CRm` of DC CVAC, CVAU, CIVAC and IC IVAU. */
const MAINTENANCE: readonly number[] = [10, 11, 14, 5];

/** `opc` of ISB among the barriers. */
const ISB = 2;

enum Hint { Nop, Yield, Wfe, Wfi, Sev, Sevl }

/**
 * System instructions (Arm ARM C4.1.93): moves to and from system registers, hints, barriers, maintenance.
 *
 * @experimental
 */
export const systemRows: readonly A64Row[] = [
  inst('C6.2.126', 'HINT', '11010101 00000011 0010 CRm:4 op2:3 11111',
    { derived: { hint: derived(6, (f) => (f.CRm === 0 && f.op2 <= Hint.Sevl ? f.op2 : Hint.Nop)) } },
    (b, { hint }) => {
      if (hint === Hint.Yield) b.leave(Exit.Yield, b.i32(0));
      if (hint === Hint.Wfe) b.leave(Exit.Wfe, b.i32(0));
      if (hint === Hint.Wfi) b.leave(Exit.Wfi, b.i32(0));
      if (hint === Hint.Sev) b.leave(Exit.SendEvent, b.i32(0));
      if (hint === Hint.Sevl) b.leave(Exit.SendEvent, b.i32(1));
    }),

  inst('C6.2.57', 'CLREX', '11010101 00000011 0011 CRm:4 010 11111', {}, (b) => b.setState(State.monitorAddress, b.i64(-1))),
  // Accesses of one vCPU are in program order, and register writes take effect at once. Only the translation of the
  // page in execution is cached; ISB looks it up again.
  inst('C6.2.88', 'DSB, DMB, ISB', '11010101 00000011 0011 CRm:4 1 opc:2! 11111', { valid: (f) => f.opc < 3 }, (b, { opc }) => {
    if (opc === ISB) b.refetch();
  }),

  inst('C6.2.255', 'MSR (immediate)', '11010101 00000 op1:3 0100 CRm:4 op2:3 11111', { operands: { info: small((f) => (f.op1 << 8) | (f.CRm << 4) | f.op2) } },
    (b, { info }) => b.leave(Exit.Pstate, info)),

  inst('C6.2.254', 'MRS', '11010101 0011 o0:1 op1:3 CRn:4 CRm:4 op2:3 Rt:5',
    { derived: { way: derived(3, readWay) }, operands: { storage, info: moveInfo(1) } },
    (b, { way, storage, info, Rt }) => {
      if (way === Way.Leave) return b.leave(Exit.System, info);
      if (way === Way.Privileged) leaveAtEl0(b, info);
      b.setX(Rt, b.stateIndexed(storage));
    }),

  inst('C6.2.256', 'MSR (register)', '11010101 0001 o0:1 op1:3 CRn:4 CRm:4 op2:3 Rt:5',
    { derived: { way: derived(3, writeWay) }, operands: { storage, info: moveInfo(0) } },
    (b, { way, storage, info, Rt }) => {
      if (way === Way.Leave) return b.leave(Exit.System, info);
      if (way === Way.Privileged) leaveAtEl0(b, info);
      b.storeAt(b.add(b.state(), b.as(storage, 0x7f)), 0, 8, b.x(Rt, 1));
    }),

  inst('C5.2.11', 'MRS NZCV', '11010101 0011 1 011 0100 0010 000 Rt:5', {}, (b, { Rt }) => b.setX(Rt, b.shl(b.packedFlags(), b.imm(28)))),
  inst('C5.2.11', 'MSR NZCV', '11010101 0001 1 011 0100 0010 000 Rt:5', {}, (b, { Rt }) => b.setNzcv(b.shr(b.x(Rt, 0), b.imm(28)))),
  inst('C5.2.8', 'MRS FPCR', '11010101 0011 1 011 0100 0100 000 Rt:5', {}, (b, { Rt }) => {
    b.checkFp();
    b.setX(Rt, b.stateAt(State.fpcr, 4));
  }),
  inst('C5.2.8', 'MSR FPCR', '11010101 0001 1 011 0100 0100 000 Rt:5', {}, (b, { Rt }) => {
    b.checkFp();
    b.setState(State.fpcr, b.and(b.x(Rt, 0), b.imm(FPCR_WRITABLE)));
  }),
  inst('C5.2.10', 'MRS FPSR', '11010101 0011 1 011 0100 0100 001 Rt:5', {}, (b, { Rt }) => {
    b.checkFp();
    b.setX(Rt, b.stateAt(State.fpsr, 4));
  }),
  inst('C5.2.10', 'MSR FPSR', '11010101 0001 1 011 0100 0100 001 Rt:5', {}, (b, { Rt }) => {
    b.checkFp();
    b.setState(State.fpsr, b.and(b.x(Rt, 0), b.imm(FPSR_WRITABLE)));
  }),
  inst('C5.2.18', 'MRS SP_EL0', '11010101 0011 1 000 0100 0001 000 Rt:5', { operands: { storage: small(() => SP_EL0.offset), info: int((f) => (1 << 21) | (SP_EL0.encoding << 5) | f.Rt) } },
    (b, { Rt, storage, info }) => {
      // Only above EL0, and if SP_ELx is the current stack pointer.
      b.leaveIf(b.eqz(b.and(b.stateAt(State.el, 4), b.stateAt(State.spsel, 4))), Exit.System, info);
      b.setX(Rt, b.stateIndexed(storage));
    }),

  inst('C5.2.18', 'MSR SP_EL0', '11010101 0001 1 000 0100 0001 000 Rt:5', { operands: { storage: small(() => SP_EL0.offset), info: int((f) => (SP_EL0.encoding << 5) | f.Rt) } },
    (b, { Rt, storage, info }) => {
      b.leaveIf(b.eqz(b.and(b.stateAt(State.el, 4), b.stateAt(State.spsel, 4))), Exit.System, info);
      b.storeAt(b.add(b.state(), b.as(storage, 0x7f)), 0, 8, b.x(Rt, 1));
    }),
  inst('C5.2.2', 'MRS DAIF', '11010101 0011 1 011 0100 0010 001 Rt:5', { operands: { info: int((f) => (1 << 21) | (DAIF.encoding << 5) | f.Rt) } },
    (b, { Rt, info }) => {
      leaveAtEl0(b, info);
      b.setX(Rt, b.stateAt(State.daif, 4));
    }),
  inst('C5.2.2', 'MSR DAIF', '11010101 0001 1 011 0100 0010 001 Rt:5', { operands: { info: int((f) => (DAIF.encoding << 5) | f.Rt) } },
    (b, { Rt, info }) => setDaif(b, b.and(b.x(Rt, 0), b.imm(0x3c0)), Exit.System, info)),
  inst('C6.2.255', 'MSR DAIFClr', '11010101 00000 011 0100 CRm:4 111 11111', { operands: { info: small((f) => (3 << 8) | (f.CRm << 4) | 7), bits: small((f) => f.CRm << 6) } },
    (b, { info, bits }) => setDaif(b, b.and(b.stateAt(State.daif, 4), b.not(b.as(bits, 0x7f))), Exit.Pstate, info)),
  // Masking interrupts never makes one due.
  inst('C6.2.255', 'MSR DAIFSet', '11010101 00000 011 0100 CRm:4 110 11111', { operands: { info: small((f) => (3 << 8) | (f.CRm << 4) | 6), bits: small((f) => f.CRm << 6) } },
    (b, { info, bits }) => {
      b.leaveIf(b.eqz(b.stateAt(State.el, 4)), Exit.Pstate, info);
      b.setState(State.daif, b.or(b.stateAt(State.daif, 4), bits));
    }),
  inst('D19.2.34', 'MRS CTR_EL0', '11010101 0011 1 011 0000 0000 001 Rt:5', { operands: { info: int((f) => (1 << 21) | (CTR.encoding << 5) | f.Rt) } },
    (b, { Rt, info }) => {
      leaveAtEl0(b, info);
      b.setX(Rt, b.i64(CTR_EL0));
    }),
  inst('D19.2.36', 'MRS DCZID_EL0', '11010101 0011 1 011 0000 0000 111 Rt:5', { operands: { info: int((f) => (1 << 21) | (DCZID.encoding << 5) | f.Rt) } },
    (b, { Rt, info }) => {
      leaveAtEl0(b, info);
      b.setX(Rt, b.i64(DCZID_BLOCK));
    }),

  inst('C6.2.367', 'SYS', '11010101 00001 op1:3 CRn:4 CRm:4 op2:3 Rt:5', { operands: { info: systemInfo(0, 1) } }, (b, { info }) => b.leave(Exit.System, info)),
  inst('C6.2.368', 'SYSL', '11010101 00101 op1:3 CRn:4 CRm:4 op2:3 Rt:5', { operands: { info: systemInfo(1, 1) } }, (b, { info }) => b.leave(Exit.System, info)),

  // Caches are coherent and transparent: maintenance has no effect but the faults of its address, which the engine
  // reports.
  inst('C5.3', 'DC CVAC, CVAU, CIVAC; IC IVAU', '11010101 00001 011 0111 CRm:4! 001 Rt:5',
    { valid: (f) => MAINTENANCE.includes(f.CRm), operands: { info: int((f) => (systemEncoding(1, 3, 7, f.CRm, 1) << 5) | f.Rt) } },
    (b, { Rt, info }) => b.leaveIf(b.or(b.eqz(b.stateAt(State.el, 4)), b.eqz(b.isMapped(b.x(Rt, 1)))), Exit.System, info)),

  inst('C5.3.9', 'DC ZVA', '11010101 00001 011 0111 0100 001 Rt:5', { operands: { rt: small((f) => f.Rt) } }, (b, { Rt, rt }) => {
    b.leaveIf(b.stateAt(State.zvaTrap, 4), Exit.ZvaTrap, rt);
    const block = b.and(b.x(Rt, 1), b.imm(-64));
    const halves = [b.open(block, 32, 'write', ZVA_HALF), b.open(b.add(block, b.imm(32)), 32, 'write', ZVA_HALF)];
    const zero = b.vector(new Array<number>(16).fill(0));
    for (const m of halves) for (const at of [0, 16]) b.storeAt(m, at, 16, zero);
  }),
];
