/**
 * Maps each function to an instruction with the same result. In a group, `fn` is called with operands of the types in
 * `args`, then `extra`, then the address of FPCR and FPSR; `code` leaves the result in x5, with the operands in v0 to
 * v2 and x10 to x12. In `extra`, 'rmode' stands for FPCR.RMode. `except` selects cases in which QEMU is wrong.
 */
const WIDTH = { f16: { reg: 'h', x: 'w' }, f32: { reg: 's', x: 'w' }, f64: { reg: 'd', x: 'x' } };
const SIMPLE = {
  add: 'fadd',
  sub: 'fsub',
  mul: 'fmul',
  div: 'fdiv',
  min: 'fmin',
  max: 'fmax',
  minnum: 'fminnm',
  maxnum: 'fmaxnm',
  mulx: 'fmulx',
  abd: 'fabd',
  recps: 'frecps',
  rsqrts: 'frsqrts',
};
const UNARY = { sqrt: 'fsqrt', recpe: 'frecpe', rsqrte: 'frsqrte', recpx: 'frecpx' };
/** In the order of the rounding modes 0 to 4. */
const DIRECTIONS = ['n', 'p', 'm', 'z', 'a'];

function arithmetic(f) {
  const { reg, x } = WIDTH[f];
  const out = `fmov ${x}5, ${reg}3`;
  const groups = [];
  for (const [op, insn] of Object.entries(SIMPLE)) {
    groups.push({
      fn: `${f}_${op}`,
      args: [f, f],
      extra: [],
      code: [`${insn} ${reg}3, ${reg}0, ${reg}1`, out],
      many: true,
    });
  }
  for (const [op, insn] of Object.entries(UNARY)) {
    groups.push({ fn: `${f}_${op}`, args: [f], extra: [], code: [`${insn} ${reg}3, ${reg}0`, out] });
  }
  const fmadd = `fmadd ${reg}3, ${reg}1, ${reg}2, ${reg}0`;
  groups.push({ fn: `${f}_muladd`, args: [f, f, f], extra: [], code: [fmadd, out], many: true });
  return groups;
}

function comparisons(f) {
  const { reg, x } = WIDTH[f];
  const groups = ['eq', 'ge', 'gt'].map((kind) => ({
    fn: `${f}_cmp${kind}`,
    args: [f, f],
    extra: [],
    code: [`fcm${kind} ${reg}3, ${reg}0, ${reg}1`, `fmov ${x}5, ${reg}3`, 'and x5, x5, #1'],
  }));
  for (const [signal, insn] of [
    [0, 'fcmp'],
    [1, 'fcmpe'],
  ]) {
    const code = [`${insn} ${reg}0, ${reg}1`, 'mrs x5, nzcv', 'lsr x5, x5, #28'];
    groups.push({ fn: `${f}_compare`, args: [f, f], extra: [signal], code });
  }
  return groups;
}

function roundings(f) {
  const { reg, x } = WIDTH[f];
  const group = (letter, extra) => ({
    fn: `${f}_rint`,
    args: [f],
    extra,
    code: [`frint${letter} ${reg}3, ${reg}0`, `fmov ${x}5, ${reg}3`],
    few: true,
  });
  return [...DIRECTIONS.map((letter, i) => group(letter, [i, 0])), group('x', ['rmode', 1]), group('i', ['rmode', 0])];
}

function toIntegers(f) {
  const { reg } = WIDTH[f];
  const groups = [];
  for (const sign of ['s', 'u']) {
    for (const [bits, x] of [
      [32, 'w'],
      [64, 'x'],
    ]) {
      const fn = `${f}_to_${sign}${bits}`;
      DIRECTIONS.forEach((letter, i) => {
        groups.push({ fn, args: [f], extra: [0, i], code: [`fcvt${letter}${sign} ${x}5, ${reg}0`], few: true });
      });
      for (const fbits of [1, 13, bits]) {
        groups.push({ fn, args: [f], extra: [fbits, 3], code: [`fcvtz${sign} ${x}5, ${reg}0, #${fbits}`], few: true });
      }
    }
    if (f !== 'f16') continue;
    const out = sign === 's' ? ['smov w5, v3.h[0]'] : ['umov w5, v3.h[0]'];
    const fn = `f16_to_${sign}16`;
    DIRECTIONS.forEach((letter, i) => {
      groups.push({ fn, args: [f], extra: [0, i], code: [`fcvt${letter}${sign} h3, h0`, ...out], few: true });
    });
    groups.push({ fn, args: [f], extra: [5, 3], code: [`fcvtz${sign} h3, h0, #5`, ...out], few: true });
  }
  return groups;
}

function fromIntegers(f) {
  const { reg, x } = WIDTH[f];
  const out = `fmov ${x}5, ${reg}3`;
  return ['s', 'u'].flatMap((sign) =>
    [0, 1, 17, 64].map((fbits) => ({
      fn: `${f}_from_${sign}64`,
      args: ['i64'],
      extra: [fbits],
      code: [`${sign}cvtf ${reg}3, x10${fbits ? `, #${fbits}` : ''}`, out],
      few: true,
    })),
  );
}

function conversions() {
  const groups = [];
  for (const [from, to] of [
    ['f16', 'f32'],
    ['f16', 'f64'],
    ['f32', 'f16'],
    ['f32', 'f64'],
    ['f64', 'f16'],
    ['f64', 'f32'],
  ]) {
    const code = [`fcvt ${WIDTH[to].reg}3, ${WIDTH[from].reg}0`, `fmov ${WIDTH[to].x}5, ${WIDTH[to].reg}3`];
    groups.push({ fn: `${from}_to_${to}`, args: [from], extra: [], code, convert: true });
  }
  groups.push({
    fn: 'f64_to_f32_odd',
    args: ['f64'],
    extra: [],
    code: ['fcvtxn s3, d0', 'fmov w5, s3'],
    convert: true,
  });
  const jcvt = ['fjcvtzs w5, d0', 'mrs x6, nzcv', 'ubfx x6, x6, #30, #1', 'orr x5, x5, x6, lsl #32'];
  // According to the manual, Z is clear for a denormal that is flushed (FPToFixedJS); QEMU 7.2 sets it.
  const flushedDenormal = (control, [value]) =>
    (control & 4) !== 0 && ((value << 1n) & 0xffffffffffffffffn) >> 53n === 0n;
  groups.push({ fn: 'f64_jcvt', args: ['f64'], extra: [], code: jcvt, except: flushedDenormal });
  for (const op of ['recpe', 'rsqrte']) {
    groups.push({
      fn: `u32_${op}`,
      args: ['i32'],
      extra: [],
      code: [`u${op} v3.2s, v0.2s`, 'fmov w5, s3'],
      noFp: true,
    });
  }
  return groups;
}

export const GROUPS = [
  ...['f64', 'f32', 'f16'].flatMap((f) => [
    ...arithmetic(f),
    ...comparisons(f),
    ...roundings(f),
    ...toIntegers(f),
    ...fromIntegers(f),
  ]),
  ...conversions(),
];
