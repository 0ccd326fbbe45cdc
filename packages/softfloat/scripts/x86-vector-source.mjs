/**
 * Generates the AssemblyScript source of the vector forms of x86: one scalar operation per lane, whose exceptions are
 * reported together, or a native SIMD operation where that is exact.
 */
import { NATIVE_ZEROS, byName, lanesOf } from './vector-source.mjs';

/** The file of assembly/ that contains a scalar function. */
const MODULE = {
  add: '../../add',
  sub: '../../add',
  mul: '../../mul',
  div: '../../div-sqrt',
  sqrt: '../../div-sqrt',
  min: '../compare',
  max: '../compare',
  fma: '../fma',
  cmp: '../compare',
  to_s32: '../integer',
  from_s64: '../integer',
  round: '../integer',
  f16_to_f32: '../half',
  f32_to_f16: '../half',
  to_f32: '../../convert',
  to_f64: '../../convert',
  rcp: '../estimate',
  rsqrt: '../estimate',
};

/** One function: `lane(i)` is the value of a lane of format `to`; `fast` are statements that may return early. */
function vectorFunction(name, params, to, count, lane, { fast = [], reports = true } = {}) {
  const lines = [`export function v_${name}(${params}): v128 {`, ...fast.map((line) => `  ${line}`)];
  if (reports) lines.push('  beginLanes();');
  lines.push('  let r = i64x2.splat(0);');
  for (let i = 0; i < count; i++) {
    const value = to.bits === 16 ? `<i16>${lane(i)}` : lane(i);
    const statement = `r = ${to.simd}.replace_lane(r, ${i}, ${value});`;
    lines.push(i === 0 ? `  ${statement}` : `  if (lanes > ${i}) ${statement}`);
  }
  if (reports) lines.push('  endLanes(fp);');
  lines.push('  return r;', '}', '');
  return lines.join('\n');
}

const shapeOf = (format) => `f${format.bits}x${128 / format.bits}`;

function nativeArithmetic(format, op, operands) {
  const { bits } = format;
  const [n, m = n] = operands;
  return [
    `if (native${bits}(${n}, ${m}, lanes, fp)) {`,
    `  const v = ${shapeOf(format)}.${op}(${operands.join(', ')});`,
    `  if (settled${bits}(v, ${NATIVE_ZEROS[op](bits)}, lanes)) return keep(v, lanes, ${bits});`,
    '}',
  ];
}

/** MINPS is WebAssembly's pmin with its operands exchanged. */
function nativeExtreme(format, op) {
  const { bits } = format;
  return [`if (comparable${bits}(n, m, lanes, fp)) return keep(${shapeOf(format)}.p${op}(m, n), lanes, ${bits});`];
}

const PARAMS = 'n: v128, m: v128, lanes: i32, fp: i32';

function arithmetic(format) {
  const lane = lanesOf(format);
  const count = 128 / format.bits;
  const f = format.name;
  const binary = (op, fast) =>
    vectorFunction(`${f}_${op}`, PARAMS, format, count, (i) => `${f}_${op}(${lane('n', i)}, ${lane('m', i)}, fp)`, {
      fast,
    });
  const addsub = (i) => `${f}_${i % 2 ? 'add' : 'sub'}(${lane('n', i)}, ${lane('m', i)}, fp)`;
  const sqrt = (i) => `${f}_sqrt(${lane('n', i)}, fp)`;
  return [
    ...['add', 'sub', 'mul', 'div'].map((op) => binary(op, nativeArithmetic(format, op, ['n', 'm']))),
    ...['min', 'max'].map((op) => binary(op, nativeExtreme(format, op))),
    vectorFunction(`${f}_addsub`, PARAMS, format, count, addsub),
    vectorFunction(`${f}_sqrt`, 'n: v128, lanes: i32, fp: i32', format, count, sqrt, {
      fast: nativeArithmetic(format, 'sqrt', ['n']),
    }),
  ];
}

const NATIVE_RELATIONS = ['eq', 'lt', 'le', undefined, 'ne'];

function comparisons(format) {
  const lane = lanesOf(format);
  const { bits, name: f } = format;
  const native = NATIVE_RELATIONS.flatMap((op, predicate) =>
    op ? [`  if (predicate == ${predicate}) return keep(${shapeOf(format)}.${op}(n, m), lanes, ${bits});`] : [],
  );
  return vectorFunction(
    `${f}_cmp`,
    'n: v128, m: v128, predicate: i32, lanes: i32, fp: i32',
    format,
    128 / bits,
    (i) => `${f}_cmp(${lane('n', i)}, ${lane('m', i)}, predicate, fp)`,
    { fast: [`if (comparable${bits}(n, m, lanes, fp)) {`, ...native, '}'] },
  );
}

/**
 * Bits of `negate`: the product, and the addends of even and of odd lanes, have the opposite sign.
 */
function fused(format) {
  const lane = lanesOf(format);
  const f = format.name;
  const params = 'n: v128, m: v128, addend: v128, negate: i32, lanes: i32, fp: i32';
  const negation = (i) => (i % 2 ? '(negate & 1) | ((negate >> 1) & 2)' : 'negate & 3');
  const value = (i) => `${f}_fma(${lane('n', i)}, ${lane('m', i)}, ${lane('addend', i)}, ${negation(i)}, fp)`;
  return vectorFunction(`${f}_fma`, params, format, 128 / format.bits, value);
}

function conversions() {
  const convert = (name, from, to, extra, value) => {
    const count = Math.min(128 / byName(from).bits, 128 / byName(to).bits);
    const lane = lanesOf(byName(from));
    return vectorFunction(name, `n: v128, ${extra}lanes: i32, fp: i32`, byName(to), count, (i) => value(lane('n', i)));
  };
  return [
    convert('f32_to_s32', 'f32', 'f32', 'truncate: i32, ', (n) => `f32_to_s32(${n}, truncate, fp)`),
    convert('f64_to_s32', 'f64', 'f32', 'truncate: i32, ', (n) => `f64_to_s32(${n}, truncate, fp)`),
    convert('f32_from_s32', 'f32', 'f32', '', (n) => `f32_from_s64(<i64>${n}, fp)`),
    convert('f32_to_f64', 'f32', 'f64', '', (n) => `f32_to_f64(${n}, fp)`),
    convert('f64_to_f32', 'f64', 'f32', '', (n) => `f64_to_f32(${n}, fp)`),
    convert('f16_to_f32', 'f16', 'f32', '', (n) => `f16_to_f32(${n}, fp)`),
    convert('f32_to_f16', 'f32', 'f16', 'control: i32, ', (n) => `f32_to_f16(${n}, control, fp)`),
    ...['f32', 'f64'].map((f) => convert(`${f}_round`, f, f, 'control: i32, ', (n) => `${f}_round(${n}, control, fp)`)),
  ];
}

function estimates() {
  const lane = lanesOf(byName('f32'));
  return ['rcp', 'rsqrt'].map((op) =>
    vectorFunction(`f32_${op}`, 'n: v128, lanes: i32', byName('f32'), 4, (i) => `f32_${op}(${lane('n', i)})`, {
      reports: false,
    }),
  );
}

/** The imports of the scalar functions that a text calls. */
function importsOf(text) {
  const called = [...new Set([...text.matchAll(/\b(f\d\d_\w+)\(/g)].map(([, name]) => name))].sort();
  return called.map((name) => `import { ${name} } from '${MODULE[name] ?? MODULE[name.slice(4)]}';`);
}

/** The text of assembly/x86/generated/vector.ts. */
export function x86VectorSource() {
  const formats = [byName('f32'), byName('f64')];
  const text = [
    ...formats.flatMap((f) => [...arithmetic(f), fused(f), comparisons(f)]),
    ...conversions(),
    ...estimates(),
  ].join('\n');
  const imports = [
    ...importsOf(text),
    `import { beginLanes, endLanes } from '../policy';`,
    `import { comparable32, comparable64, native32, native64 } from '../vector-fast';`,
    `import { keep, settled32, settled64, zero32, zero64 } from '../../vector-fast';`,
  ];
  return `/** Generated by scripts/x86-vector-source.mjs: do not edit. */\n${imports.join('\n')}\n\n${text}`;
}
