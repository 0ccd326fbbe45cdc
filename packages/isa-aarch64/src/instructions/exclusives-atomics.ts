import { derived, register, Ty } from '@qvm/jit';
import type { AtomicOp, Reg, V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { State } from '../builder/layout.js';
import { inst } from './row.js';
import type { A64Row } from './row.js';

const sp = derived(2, (f: { readonly Rn: number }) => (f.Rn === 31 ? 1 : 0));
/** Exclusive and ordered accesses must be aligned even if SCTLR_ELx.A is 0 (Arm ARM B2.8.2). */
const ALIGNED = { aligned: true };
/**
 * A store exclusive whose access faults reports a write, whatever the state of the monitor (Arm ARM B2.9.5, D17.2.37).
 */
const STORE_EXCLUSIVE = { aligned: true, faultsAsWrite: true };
const MONITOR_OPEN = -1;

/** The operations of LDADD and similar instructions, by `opc`. */
enum AtomicOpc { LDADD, LDCLR, LDEOR, LDSET, LDSMAX, LDSMIN, LDUMAX, LDUMIN }

function atomicUpdate(b: A64, opc: number, m: V, bytes: number, s: V): V {
  const direct: Partial<Record<AtomicOpc, AtomicOp>> = {
    [AtomicOpc.LDADD]: 'add', [AtomicOpc.LDCLR]: 'and', [AtomicOpc.LDEOR]: 'xor', [AtomicOpc.LDSET]: 'or',
  };
  const op = direct[opc as AtomicOpc];
  if (op) return b.atomic(op, m, bytes, opc === (AtomicOpc.LDCLR as number) ? b.not(s) : s);
  // Minimum and maximum: compare-and-exchange with the value just read. If another vCPU has changed it, the instruction
  // is executed again.
  const isSigned = opc < (AtomicOpc.LDUMAX as number);
  const old = b.loadAt(m, 0, bytes);
  const extend = (v: V): V => (isSigned ? b.sx(v, bytes * 8) : b.zx(v, bytes * 8));
  const [x, y] = [extend(old), extend(s)];
  const isMax = opc === (AtomicOpc.LDSMAX as number) || opc === (AtomicOpc.LDUMAX as number);
  const keep = isSigned ? (isMax ? b.ges(x, y) : b.les(x, y)) : isMax ? b.geu(x, y) : b.leu(x, y);
  return b.cmpxchg(m, bytes, old, b.select(keep, old, s));
}

/** STXR and STXP succeed if the monitor holds this address and memory still has the value that it has seen. */
function monitorHolds(b: A64, va: V): V {
  return b.eq(b.stateAt(State.monitorAddress, 8), va);
}

function clearMonitor(b: A64): void {
  b.setState(State.monitorAddress, b.i64(MONITOR_OPEN));
}

/** Replaces a pair in memory if it equals the expected pair; returns 0 on success. */
function storePairIf(b: A64, holds: V, m: V, size: number, expected: readonly [V, V], replacement: readonly [V, V]): V {
  const old: readonly [V, V] = [b.loadAt(m, 0, size), b.loadAt(m, size, size)];
  const same = b.and(holds, b.and(b.eq(old[0], expected[0]), b.eq(old[1], expected[1])));
  b.storeAt(m, 0, size, b.select(same, replacement[0], old[0]));
  b.storeAt(m, size, size, b.select(same, replacement[1], old[1]));
  return b.eqz(same);
}

/**
 * Exclusives, ordered loads and stores, and atomics of FEAT_LSE (Arm ARM C4.1.94).
 *
 * @experimental
 */
export const exclusiveAndAtomicRows: readonly A64Row[] = [
  inst('C6.2.228', 'LDXR, LDAXR', 'size:2! 001000 0 1 0 xxxxx o0:1 xxxxx Rn:5 Rt:5', { derived: { sp } }, (b, { size, sp, Rn, Rt }) => {
    const va = b.base(Rn, sp);
    const value = b.loadAt(b.open(va, 1 << size, 'read', ALIGNED), 0, 1 << size);
    b.setState(State.monitorAddress, va);
    b.setState(State.monitorValue, value);
    b.setX(Rt, value);
  }),

  inst('C6.2.363', 'STXR, STLXR', 'size:2! 001000 0 0 0 Rs:5 o0:1 xxxxx Rn:5 Rt:5', { derived: { sp } }, (b, { size, sp, Rs, Rn, Rt }) => {
    const va = b.base(Rn, sp);
    const m = b.open(va, 1 << size, 'readWrite', STORE_EXCLUSIVE);
    const old = b.stateAt(State.monitorValue, 8);
    const exchanged = b.ne(b.cmpxchg(m, 1 << size, b.select(monitorHolds(b, va), old, b.not(b.loadAt(m, 0, 1 << size))), b.x(Rt, 1)), old);
    b.setX(Rs, b.select(monitorHolds(b, va), exchanged, b.i32(1)));
    clearMonitor(b);
  }),

  inst('C6.2.226', 'LDXP, LDAXP', '1 sz:1! 001000 0 1 1 xxxxx o0:1 Rt2:5 Rn:5 Rt:5', { derived: { sp } }, (b, { sz, sp, Rt2, Rn, Rt }) => {
    const size = sz ? 8 : 4;
    const va = b.base(Rn, sp);
    const m = b.open(va, 2 * size, 'read', { ...ALIGNED });
    const [low, high] = [b.loadAt(m, 0, size), b.loadAt(m, size, size)];
    b.setState(State.monitorAddress, va);
    b.setState(State.monitorValue, low);
    b.setState(State.monitorValueHigh, high);
    b.setX(Rt, low);
    b.setX(Rt2, high);
  }),

  inst('C6.2.361', 'STXP, STLXP', '1 sz:1! 001000 0 0 1 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5', { derived: { sp } }, (b, { sz, sp, Rs, Rt2, Rn, Rt }) => {
    const size = sz ? 8 : 4;
    const va = b.base(Rn, sp);
    const m = b.open(va, 2 * size, 'readWrite', STORE_EXCLUSIVE);
    const seen = [b.stateAt(State.monitorValue, 8), b.stateAt(State.monitorValueHigh, 8)] as const;
    b.setX(Rs, storePairIf(b, monitorHolds(b, va), m, size, seen, [narrow(b, Rt, size), narrow(b, Rt2, size)]));
    clearMonitor(b);
  }),

  inst('C6.2.173', 'LDAR, LDLAR, STLR, STLLR', 'size:2! 001000 1 L:1! 0 xxxxx o0:1 xxxxx Rn:5 Rt:5', { derived: { sp } }, (b, { size, L, sp, Rn, Rt }) => {
    const m = b.open(b.base(Rn, sp), 1 << size, L ? 'read' : 'write', ALIGNED);
    if (L) b.setX(Rt, b.loadAt(m, 0, 1 << size));
    else b.storeAt(m, 0, 1 << size, b.x(Rt, 1));
  }),

  inst('C6.2.45', 'CAS, CASA, CASAL, CASL', 'size:2! 001000 1 L:1 1 Rs:5 o0:1 11111 Rn:5 Rt:5', { derived: { sp }, feature: 'FEAT_LSE' },
    (b, { size, sp, Rs, Rn, Rt }) => {
      const m = b.open(b.base(Rn, sp), 1 << size, 'readWrite', ALIGNED);
      b.setX(Rs, b.cmpxchg(m, 1 << size, b.x(Rs, 1), b.x(Rt, 1)));
    }),

  inst('C6.2.46', 'CASP, CASPA, CASPAL, CASPL', '0 sz:1! 001000 0 L:1 1 Rs:5 o0:1 11111 Rn:5 Rt:5',
    {
      derived: { sp },
      feature: 'FEAT_LSE',
      operands: { Rs2: register((f) => f.Rs + 1), Rt2: register((f) => f.Rt + 1) },
      allocated: (f) => (f.Rs & 1) === 0 && (f.Rt & 1) === 0,
    },
    (b, { sz, sp, Rs, Rs2, Rt, Rt2, Rn }) => {
      const size = sz ? 8 : 4;
      const m = b.open(b.base(Rn, sp), 2 * size, 'readWrite', ALIGNED);
      const old: readonly [V, V] = [b.loadAt(m, 0, size), b.loadAt(m, size, size)];
      const same = b.and(b.eq(old[0], narrow(b, Rs, size)), b.eq(old[1], narrow(b, Rs2, size)));
      b.storeAt(m, 0, size, b.select(same, b.x(Rt, 1), old[0]));
      b.storeAt(m, size, size, b.select(same, b.x(Rt2, 1), old[1]));
      b.setX(Rs, old[0]);
      b.setX(Rs2, old[1]);
    }),

  inst('C6.2.175', 'LDADD, LDCLR, LDEOR, LDSET, LDSMAX, LDSMIN, LDUMAX, LDUMIN', 'size:2! 111 0 00 A:1 R:1 1 Rs:5 0 opc:3! 00 Rn:5 Rt:5',
    { derived: { sp }, feature: 'FEAT_LSE' },
    (b, { size, sp, Rs, opc, Rn, Rt }) => {
      const m = b.open(b.base(Rn, sp), 1 << size, 'readWrite', ALIGNED);
      b.setX(Rt, atomicUpdate(b, opc, m, 1 << size, b.x(Rs, 1)));
    }),

  inst('C6.2.366', 'SWP', 'size:2! 111 0 00 A:1 R:1 1 Rs:5 1 000 00 Rn:5 Rt:5', { derived: { sp }, feature: 'FEAT_LSE' }, (b, { size, sp, Rs, Rn, Rt }) => {
    const m = b.open(b.base(Rn, sp), 1 << size, 'readWrite', ALIGNED);
    b.setX(Rt, b.atomic('xchg', m, 1 << size, b.x(Rs, 1)));
  }),

  inst('C6.2.172', 'LDAPR', 'size:2! 111 0 00 1 0 1 11111 1 100 00 Rn:5 Rt:5', { derived: { sp }, feature: 'FEAT_LRCPC' }, (b, { size, sp, Rn, Rt }) => {
    b.setX(Rt, b.loadAt(b.open(b.base(Rn, sp), 1 << size, 'read', ALIGNED), 0, 1 << size));
  }),
];

function narrow(b: A64, r: Reg, size: number): V {
  return size === 8 ? b.x(r, 1) : b.as(b.x(r, 0), Ty.i64);
}
