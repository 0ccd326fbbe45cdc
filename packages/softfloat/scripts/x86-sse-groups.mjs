/**
 * Maps each function of the SSE part to an instruction with the same result: see x86-recorder.c. In a group, `fn` is
 * called with operands of the types in `args`, `lanes` of them in a vector, then `extra`, then the address of MXCSR;
 * `result` is the size of the result in bytes.
 */
const FORMATS = [
  { f: 'f32', s: 'ss', p: 'ps', bytes: 4, lanes: 4 },
  { f: 'f64', s: 'sd', p: 'pd', bytes: 8, lanes: 2 },
];
const toXmm = ['movq %rax, %xmm0'];

function arithmetic({ f, s, p, bytes, lanes }) {
  const groups = [];
  for (const op of ['add', 'sub', 'mul', 'div', 'min', 'max']) {
    const args = [f, f];
    groups.push({ fn: `${f}_${op}`, args, result: bytes, code: [`${op}${s} %xmm1, %xmm0`], many: true });
    groups.push({ fn: `v_${f}_${op}`, args, lanes, result: 16, code: [`${op}${p} %xmm1, %xmm0`] });
  }
  groups.push({ fn: `${f}_sqrt`, args: [f], result: bytes, code: [`sqrt${s} %xmm0, %xmm0`], many: true });
  groups.push({ fn: `v_${f}_sqrt`, args: [f], lanes, result: 16, code: [`sqrt${p} %xmm0, %xmm0`] });
  groups.push({ fn: `v_${f}_addsub`, args: [f, f], lanes, result: 16, code: [`addsub${p} %xmm1, %xmm0`] });
  for (const immediate of f === 'f32' ? [0xff, 0x7b, 0x35] : [0x33, 0x21, 0x11]) {
    const code = [`dp${p} $${immediate}, %xmm1, %xmm0`];
    groups.push({ fn: `v_${f}_dp`, args: [f, f], lanes, noLanes: true, result: 16, extra: [immediate], code });
  }
  return groups;
}

function comparisons({ f, s, p, bytes, lanes }) {
  const groups = [];
  for (const [signals, op] of [
    [0, 'ucomi'],
    [1, 'comi'],
  ]) {
    const code = [`${op}${s} %xmm1, %xmm0`, 'pushfq', 'pop %rax', 'and $0x8d5, %eax', ...toXmm];
    groups.push({ fn: `${f}_compare`, args: [f, f], result: 4, extra: [signals], code });
  }
  for (let predicate = 0; predicate < 32; predicate++) {
    const code = [`vcmp${s} $${predicate}, %xmm1, %xmm0, %xmm0`];
    groups.push({ fn: `${f}_cmp`, args: [f, f], result: bytes, extra: [predicate], code, few: true });
  }
  for (const predicate of [0, 1, 2, 3, 4, 5, 30]) {
    const code = [`vcmp${p} $${predicate}, %xmm1, %xmm0, %xmm0`];
    groups.push({ fn: `v_${f}_cmp`, args: [f, f], lanes, result: 16, extra: [predicate], code, few: true });
  }
  return groups;
}

function integers({ f, s, p, bytes, lanes }) {
  const groups = [];
  for (const [truncate, t] of [
    [0, ''],
    [1, 't'],
  ]) {
    const extra = [truncate];
    const to = (reg, bits) => ({
      fn: `${f}_to_s${bits}`,
      args: [f],
      result: bits / 8,
      extra,
      code: [`cvt${t}${s}2si %xmm0, %${reg}`, ...toXmm],
    });
    groups.push(to('eax', 32), to('rax', 64));
    const packed = f === 'f32' ? `cvt${t}ps2dq` : `cvt${t}pd2dq`;
    groups.push({ fn: `v_${f}_to_s32`, args: [f], lanes, result: 16, extra, code: [`${packed} %xmm0, %xmm0`] });
  }
  groups.push({ fn: `${f}_from_s64`, args: ['i64'], result: bytes, code: [`cvtsi2${s}q %rax, %xmm0`] });
  for (let control = 0; control < 16; control++) {
    const extra = [control];
    groups.push({
      fn: `${f}_round`,
      args: [f],
      result: bytes,
      extra,
      code: [`round${s} $${control}, %xmm0, %xmm0`],
      few: true,
    });
    if (control % 5) continue;
    groups.push({
      fn: `v_${f}_round`,
      args: [f],
      lanes,
      result: 16,
      extra,
      code: [`round${p} $${control}, %xmm0, %xmm0`],
      few: true,
    });
  }
  return groups;
}

/** Of FMA, VFMADD132 and the like: the first two operands are multiplied, the third is added. */
const FUSED = [
  ['madd', 0],
  ['nmadd', 1],
  ['msub', 2],
  ['nmsub', 3],
];
/** The same with addends that are subtracted in some lanes: even ones, or odd ones. */
const ALTERNATING = [
  ['maddsub', 2],
  ['msubadd', 4],
];

function fused({ f, s, p, bytes, lanes }) {
  const args = [f, f, f];
  const group = (name, suffix, negate, more) => ({
    args,
    extra: [negate],
    code: [`vf${name}132${suffix} %xmm1, %xmm2, %xmm0`],
    ...more,
  });
  return [
    ...FUSED.map(([name, negate]) => group(name, s, negate, { fn: `${f}_fma`, result: bytes, many: true })),
    ...[...FUSED.map(([name, negate]) => [name, negate | ((negate & 2) << 1)]), ...ALTERNATING].map(([name, negate]) =>
      group(name, p, negate, { fn: `v_${f}_fma`, lanes, result: 16 }),
    ),
  ];
}

const halves = [0, 1, 2, 3, 4].flatMap((control) => [
  { fn: 'f32_to_f16', args: ['f32'], result: 2, extra: [control], code: [`vcvtps2ph $${control}, %xmm0, %xmm0`] },
  {
    fn: 'v_f32_to_f16',
    args: ['f32'],
    lanes: 4,
    result: 16,
    extra: [control],
    code: [`vcvtps2ph $${control}, %xmm0, %xmm0`],
    few: true,
  },
]);

const conversions = [
  ...halves,
  { fn: 'f16_to_f32', args: ['f16'], result: 4, code: ['vcvtph2ps %xmm0, %xmm0'] },
  { fn: 'v_f16_to_f32', args: ['f16'], lanes: 8, used: 4, result: 16, code: ['vcvtph2ps %xmm0, %xmm0'] },
  { fn: 'f32_to_f64', args: ['f32'], result: 8, code: ['cvtss2sd %xmm0, %xmm0'] },
  { fn: 'f64_to_f32', args: ['f64'], result: 4, code: ['cvtsd2ss %xmm0, %xmm0'], many: true },
  { fn: 'v_f32_to_f64', args: ['f32'], lanes: 4, used: 2, result: 16, code: ['cvtps2pd %xmm0, %xmm0'] },
  { fn: 'v_f64_to_f32', args: ['f64'], lanes: 2, result: 16, code: ['cvtpd2ps %xmm0, %xmm0'] },
  { fn: 'v_f32_from_s32', args: ['i32'], lanes: 4, result: 16, code: ['cvtdq2ps %xmm0, %xmm0'] },
];

export const SSE_GROUPS = [
  ...FORMATS.flatMap((format) => [
    ...arithmetic(format),
    ...fused(format),
    ...comparisons(format),
    ...integers(format),
  ]),
  ...conversions,
].map((group) => ({ extra: [], ...group }));
