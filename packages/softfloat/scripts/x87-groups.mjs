/**
 * Maps each function of the x87 part to an instruction with the same result: see x86-recorder.c. In a group, `args` are
 * the types of the operands, `places` where they are (ST0, ST1, memory), `call` the arguments of the function: `a` and
 * `b` are slots with ST0 and ST1, `mem` is the memory operand, `dst` and `dst2` are slots for results. With `widen`,
 * that function puts the memory operand into slot `b` first. `results` are the places and sizes of the results. With
 * `pops`, by how much the instruction changes TOP if it completes, the function's result is compared, too: it is not zero
 * then, or without the bit `refused`.
 */
const ST = [['st0', 10]];
const BOTH = [
  ['st0', 10],
  ['st1', 10],
];

const one = (fn, code, more = {}) => ({
  fn,
  args: ['f80'],
  places: [0],
  call: ['dst', 'a', 'fp'],
  results: ST,
  code: [code],
  ...more,
});

const two = (fn, code, more = {}) => ({
  fn,
  args: ['f80', 'f80'],
  places: [0, 1],
  call: ['dst', 'a', 'b', 'fp'],
  results: ST,
  code: [code],
  ...more,
});

const memory = (fn, type, code, call, results, more = {}) => ({
  fn,
  args: [type],
  places: [2],
  call,
  results,
  code: [code],
  ...more,
});

const arithmetic = ['add', 'sub', 'mul', 'div'].flatMap((op) => [
  two(`f80_${op}`, `f${op} %st(1), %st`, { many: true }),
  ...[
    ['f32', 's'],
    ['f64', 'l'],
  ].map(([type, suffix]) =>
    two(`f80_${op}`, `f${op}${suffix} (%rsi)`, { args: ['f80', type], places: [0, 2], widen: `f80_widen_${type}` }),
  ),
]);

const compareFlags = (insn) => ['xor %eax, %eax', insn, 'pushfq', 'pop %rax', 'and $0x45, %eax', 'mov %eax, (%rdi)'];

const comparisons = [
  two('f80_compare', 'fcomp %st(1)', { call: ['a', 'b', 0, 'fp'], results: [], pops: 1 }),
  two('f80_compare', 'fucomp %st(1)', { call: ['a', 'b', 1, 'fp'], results: [], pops: 1 }),
  two('f80_compare', 'fcoms (%rsi)', {
    args: ['f80', 'f32'],
    places: [0, 2],
    widen: 'f80_widen_f32',
    call: ['a', 'b', 0, 'fp'],
    results: [],
  }),
  one('f80_tst', 'ftst', { call: ['a', 'fp'], results: [] }),
  one('f80_examine', 'fxam', { call: ['a', 0, 'fp'], results: [] }),
  one('f80_examine', 'ffree %st(0)\n fxam', { call: ['a', 1, 'fp'], results: [], few: true }),
  two('f80_comi', 'fcomip %st(1), %st', { call: ['a', 'b', 0, 'fp'], results: [], pops: 1, refused: 0x100 }),
  ...[0, 1].map((quiet) =>
    two('f80_comi', '', {
      call: ['a', 'b', quiet, 'fp'],
      results: [['returned', 1]],
      code: compareFlags(quiet ? 'fucomi %st(1), %st' : 'fcomi %st(1), %st'),
    }),
  ),
];

const conversions = [
  memory('f80_from_f32', 'f32', 'flds (%rsi)', ['dst', 'mem', 'fp'], ST, { pops: -1 }),
  memory('f80_from_f64', 'f64', 'fldl (%rsi)', ['dst', 'mem', 'fp'], ST, { pops: -1 }),
  memory('f80_from_s64', 'i64', 'fildll (%rsi)', ['dst', 'mem'], ST, { few: true }),
  memory('f80_from_bcd', 'bcd', 'fbld (%rsi)', ['dst', 'low', 'high'], ST, { few: true }),
  one('f80_to_f32', 'fstps (%rdi)', { results: [['memory', 4]], pops: 1, many: true }),
  one('f80_to_f64', 'fstpl (%rdi)', { results: [['memory', 8]], pops: 1, many: true }),
  one('f80_to_bcd', 'fbstp (%rdi)', { results: [['memory', 10]], pops: 1 }),
  ...[
    [16, 's'],
    [32, 'l'],
    [64, 'll'],
  ].flatMap(([bits, suffix]) =>
    ['fistp', 'fisttp'].map((insn, truncate) =>
      one(`f80_to_s${bits}`, `${insn}${suffix} (%rdi)`, {
        call: ['dst', 'a', truncate, 'fp'],
        results: [['memory', bits / 8]],
        pops: 1,
      }),
    ),
  ),
];

const CONSTANTS = ['fld1', 'fldl2t', 'fldl2e', 'fldpi', 'fldlg2', 'fldln2', 'fldz'];

/** Equal to one unit in the last place, as the processor's are to the exact result; C1 is not compared. */
const transcendental = [
  one('f80_2xm1', 'f2xm1'),
  two('f80_yl2x', 'fyl2x', { pops: 1 }),
  two('f80_yl2xp1', 'fyl2xp1', { pops: 1 }),
  two('f80_patan', 'fpatan', { pops: 1 }),
  one('f80_sin', 'fsin'),
  one('f80_cos', 'fcos'),
  one('f80_sincos', 'fsincos', { call: ['dst2', 'dst', 'a', 'fp'], results: BOTH, pops: -1 }),
  one('f80_tan', 'fptan', { call: ['dst2', 'a', 'fp'], results: [['st1', 10]], pops: -1 }),
].map((group) => ({ ...group, ulp: true }));

const stackFaults = [
  one('f80_stack_fault', 'ffree %st(0)\n fsqrt', { call: [0, 'fp'], results: [], few: true }),
  one('f80_stack_fault', 'fld1\n'.repeat(7), { call: [1, 'fp'], results: [], few: true }),
];

const others = [
  one('f80_sqrt', 'fsqrt', { many: true }),
  one('f80_rint', 'frndint'),
  one('f80_extract', 'fxtract', { call: ['dst', 'dst2', 'a', 'fp'], results: BOTH, pops: -1 }),
  two('f80_scale', 'fscale'),
  two('f80_rem', 'fprem', { call: ['dst', 'a', 'b', 0, 'fp'], many: true }),
  two('f80_rem', 'fprem1', { call: ['dst', 'a', 'b', 1, 'fp'], many: true }),
  ...CONSTANTS.map((insn, index) =>
    memory('f80_constant', 'i32', insn, ['dst', index, 'fp'], ST, { args: [], places: [], few: true }),
  ),
];

export const X87_GROUPS = [
  ...arithmetic,
  ...comparisons,
  ...conversions,
  ...stackFaults,
  ...others,
  ...transcendental,
].map((group) => ({
  x87: true,
  ...group,
}));
