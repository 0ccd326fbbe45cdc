/**
 * Generates the AssemblyScript source of the vector forms: one scalar operation per lane, or a native SIMD operation
 * where that is exact.
 */

const FORMATS = [
  { name: 'f16', bits: 16, simd: 'i16x8', scalar: 'i32', extract: 'extract_lane_u' },
  { name: 'f32', bits: 32, simd: 'i32x4', scalar: 'i32', extract: 'extract_lane' },
  { name: 'f64', bits: 64, simd: 'i64x2', scalar: 'i64', extract: 'extract_lane' },
];
const BINARY = ['add', 'sub', 'mul', 'div', 'min', 'max', 'minnum', 'maxnum', 'mulx', 'abd', 'recps', 'rsqrts'];
const UNARY = ['sqrt', 'recpe', 'rsqrte'];
const COMPARE = { cmpeq: 'eq', cmpge: 'ge', cmpgt: 'gt' };

export const byName = (name) => FORMATS.find((format) => format.name === name);

/** One function: `lane(index)` is the value of a lane of type `to`; `fast` are statements that may return early. */
function vectorFunction(name, params, to, count, lane, fast) {
  const lines = [`export function v_${name}(${params}): v128 {`, ...fast.map((line) => `  ${line}`)];
  if (fast[0]?.startsWith('return')) return [...lines, '}', ''].join('\n');
  lines.push('  let r = i64x2.splat(0);');
  for (let i = 0; i < count; i++) {
    const value = to.bits === 16 ? `<i16>${lane(i)}` : lane(i);
    const statement = `r = ${to.simd}.replace_lane(r, ${i}, ${value});`;
    lines.push(i === 0 ? `  ${statement}` : `  if (lanes <= ${i}) return r;\n  ${statement}`);
  }
  lines.push('  return r;', '}', '');
  return lines.join('\n');
}

/** Lanes of an operand; a half precision lane becomes an i32 without sign. */
export function lanesOf(format) {
  return (operand, i) => {
    const value = `${format.simd}.${format.extract}(${operand}, ${i})`;
    return format.bits === 16 ? `<i32>${value}` : value;
  };
}

function nativeArithmetic(format, operation, operands, accepted) {
  if (format.bits === 16) return [];
  const shape = format.bits === 32 ? 'f32x4' : 'f64x2';
  return [
    `if (nativeVector(lanes, ${format.bits}, fp)) {`,
    `  const v = ${shape}.${operation}(${operands});`,
    `  if (settled${format.bits}(v, ${accepted(format.bits)}, lanes)) return keep(v, lanes, ${format.bits});`,
    '}',
  ];
}

/** An absolute difference is a difference without its signs, even if it is a NaN. */
function absolute(format) {
  const shape = { 16: 'i16x8', 32: 'i32x4', 64: 'i64x2' }[format.bits];
  const magnitude = { 16: '0x7fff', 32: '0x7fffffff', 64: '0x7fffffffffffffff' }[format.bits];
  return `v128.and(v_${format.name}_sub(n, m, lanes, fp), ${shape}.splat(${magnitude}))`;
}

/** Native conversion of whole 32-bit integers: the result is never tiny. */
function fastFromInteger(format, sign) {
  if (format.bits !== 32) return [];
  const native = `f32x4.convert_i32x4_${sign}(n)`;
  return [`if (fbits == 0 && nativeVector(lanes, 32, fp)) return keep(${native}, lanes, 32);`];
}

/** Native rounding if inexactness has no side effect and no lane is a NaN. */
function fastRint(format) {
  if (format.bits === 16) return [];
  const shape = format.bits === 32 ? 'f32x4' : 'f64x2';
  const quiet = `(!exact || inexactSet(fp)) && ordered${format.bits}(n, n, lanes, fp)`;
  const cases = ['nearest', 'ceil', 'floor', 'trunc'].map(
    (op, i) => `  if (rmode == ${i}) return keep(${shape}.${op}(n), lanes, ${format.bits});`,
  );
  return [`if (${quiet}) {`, ...cases, '}'];
}

/** The lanes in which a zero result is exact: for any sum or root, and for products and quotients of zero operands. */
export const NATIVE_ZEROS = {
  add: (bits) => `zero${bits}(v)`,
  sub: (bits) => `zero${bits}(v)`,
  mul: (bits) => `v128.and(zero${bits}(v), v128.or(zero${bits}(n), zero${bits}(m)))`,
  div: (bits) => `v128.and(zero${bits}(v), zero${bits}(n))`,
  sqrt: (bits) => `zero${bits}(v)`,
};
const ORDERED = { min: 'min', max: 'max', minnum: 'min', maxnum: 'max' };

function ordered(format, operation) {
  if (format.bits === 16) return [];
  const shape = format.bits === 32 ? 'f32x4' : 'f64x2';
  const native = `${shape}.${operation}(n, m)`;
  return [`if (ordered${format.bits}(n, m, lanes, fp)) return keep(${native}, lanes, ${format.bits});`];
}

function fastBinary(format, op) {
  if (op === 'mulx') return nativeArithmetic(format, 'mul', 'n, m', NATIVE_ZEROS.mul);
  if (op === 'abd') return [`return ${absolute(format)};`];
  if (op in NATIVE_ZEROS) return nativeArithmetic(format, op, 'n, m', NATIVE_ZEROS[op]);
  return op in ORDERED ? ordered(format, ORDERED[op]) : [];
}

function sameFormat(format, imports) {
  const f = format.name;
  const count = 128 / format.bits;
  const lane = lanesOf(format);
  const out = [];
  const emit = (op, params, value, fast = []) => {
    if (op !== 'abd') imports.add(`${f}_${op}`);
    out.push(vectorFunction(`${f}_${op}`, params, format, count, value, fast));
  };
  for (const op of BINARY) {
    const value = (i) => `${f}_${op}(${lane('n', i)}, ${lane('m', i)}, fp)`;
    emit(op, 'n: v128, m: v128, lanes: i32, fp: i32', value, fastBinary(format, op));
  }
  for (const op of UNARY) {
    const fast = op === 'sqrt' ? nativeArithmetic(format, op, 'n', NATIVE_ZEROS.sqrt) : [];
    emit(op, 'n: v128, lanes: i32, fp: i32', (i) => `${f}_${op}(${lane('n', i)}, fp)`, fast);
  }
  for (const [op, native] of Object.entries(COMPARE)) {
    const value = (i) => `-<${format.scalar}>${f}_${op}(${lane('n', i)}, ${lane('m', i)}, fp)`;
    const wrapped = format.bits === 16 ? (i) => `(${value(i)})` : value;
    emit(op, 'n: v128, m: v128, lanes: i32, fp: i32', wrapped, ordered(format, native));
  }
  emit(
    'muladd',
    'addend: v128, n: v128, m: v128, lanes: i32, fp: i32',
    (i) => `${f}_muladd(${lane('addend', i)}, ${lane('n', i)}, ${lane('m', i)}, fp)`,
  );
  emit(
    'rint',
    'n: v128, rmode: i32, exact: i32, lanes: i32, fp: i32',
    (i) => `${f}_rint(${lane('n', i)}, rmode, exact, fp)`,
    fastRint(format),
  );
  return out;
}

/** Integers as wide as the lanes. */
function integers(format, imports) {
  const f = format.name;
  const count = 128 / format.bits;
  const lane = lanesOf(format);
  const out = [];
  for (const sign of ['s', 'u']) {
    const to = `${f}_to_${sign}${format.bits}`;
    const wide = `${f}_from_${sign}64`;
    imports.add(to).add(wide);
    const toValue = (i) => `${to}(${lane('n', i)}, fbits, rmode, fp)`;
    const toParams = 'n: v128, fbits: i32, rmode: i32, lanes: i32, fp: i32';
    out.push(vectorFunction(to, toParams, format, count, toValue, []));
    const extract = format.bits === 16 ? `extract_lane_${sign}` : 'extract_lane';
    const widen = format.bits === 64 ? '' : sign === 's' ? '<i64>' : `<i64><u${format.bits}>`;
    const fromValue = (i) => `${wide}(${widen}${format.simd}.${extract}(n, ${i}), fbits, fp)`;
    const name = `${f}_from_${sign}${format.bits}`;
    out.push(
      vectorFunction(
        name,
        'n: v128, fbits: i32, lanes: i32, fp: i32',
        format,
        count,
        fromValue,
        fastFromInteger(format, sign),
      ),
    );
  }
  return out;
}

/** Conversions of precision work on the lower lanes of the wider or narrower vector. */
function conversions(imports) {
  const pairs = [
    ['f16', 'f32', ''],
    ['f32', 'f16', ''],
    ['f32', 'f64', ''],
    ['f64', 'f32', ''],
    ['f64', 'f32', '_odd'],
  ];
  return pairs.map(([from, to, suffix]) => {
    const name = `${from}_to_${to}${suffix}`;
    imports.add(name);
    const count = Math.min(128 / byName(from).bits, 128 / byName(to).bits);
    const lane = lanesOf(byName(from));
    const value = (i) => `${name}(${lane('n', i)}, fp)`;
    return vectorFunction(name, 'n: v128, lanes: i32, fp: i32', byName(to), count, value, []);
  });
}

function estimates(imports) {
  return ['u32_recpe', 'u32_rsqrte'].map((name) => {
    imports.add(name);
    const value = (i) => `${name}(i32x4.extract_lane(n, ${i}))`;
    return vectorFunction(name, 'n: v128, lanes: i32', byName('f32'), 4, value, []);
  });
}

/** The file of assembly/ that contains a scalar function. */
function moduleOf(name) {
  const op = name.replace(/^[fu]\d+_/, '');
  if (/^(add|sub|abd)$/.test(op)) return 'add';
  if (/^mulx?$/.test(op)) return 'mul';
  if (/^(div|sqrt)$/.test(op)) return 'div-sqrt';
  if (/^(muladd|recps|rsqrts)$/.test(op)) return 'fma';
  if (/^(min|max|cmp)/.test(op)) return 'arm/compare';
  if (/^from_/.test(op)) return 'integer';
  if (/^(rint|to_[su]\d+)$/.test(op)) return 'arm/integer';
  return /^to_f/.test(op) ? 'convert' : 'arm/estimate';
}

/** The text of assembly/generated/vector.ts. */
export function vectorSource() {
  const names = new Set();
  const functions = [...FORMATS.flatMap((f) => [...sameFormat(f, names), ...integers(f, names)])];
  functions.push(...conversions(names), ...estimates(names));
  const modules = new Map();
  for (const name of names) modules.set(moduleOf(name), [...(modules.get(moduleOf(name)) ?? []), name]);
  const imports = [...modules].map(([file, list]) => `import {\n  ${list.join(',\n  ')},\n} from '../${file}';`);
  const fast = 'keep, nativeVector, ordered32, ordered64, settled32, settled64, zero32, zero64';
  imports.push(`import { inexactSet } from '../policy';`, `import { ${fast} } from '../vector-fast';`);
  return `/** Generated by scripts/vector-source.mjs: do not edit. */\n${imports.join('\n')}\n\n${functions.join('\n')}`;
}
