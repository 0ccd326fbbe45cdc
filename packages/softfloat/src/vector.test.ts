import { SOFTFLOAT_SIGNATURES, instantiateSoftfloat } from './index.js';
import type { SoftfloatName } from './index.js';
import { instantiateHarness } from './harness.test.util.js';
import { readRecorded } from './recorded.test.util.js';
import type { RecordedCase, RecordedGroup } from './recorded.test.util.js';

const FP = 16;
const VECTOR_ARGS = 256;
const SCALAR_ARGS = 1024;
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const view = new DataView(memory.buffer);
const callers = instantiateHarness(memory, instantiateSoftfloat(memory), SOFTFLOAT_SIGNATURES);

/**
 * A vector function, the scalar function that its lanes must agree with, and the widths of operand and result lanes in
 * bits.
 */
interface Pair {
  readonly vector: SoftfloatName;
  readonly scalar: SoftfloatName;
  readonly from: number;
  readonly to: number;
  readonly signed: boolean;
}

function isName(name: string): name is SoftfloatName {
  return name in SOFTFLOAT_SIGNATURES;
}

function pairOf(vector: SoftfloatName): Pair {
  const scalar = vector.slice(2).replace(/_from_([su])\d+$/, '_from_$164');
  if (!isName(scalar)) throw new Error(`${vector} has no scalar form`);
  const width = Number(/^v_[fu](\d+)/.exec(vector)?.[1]);
  const converted = Number(/_to_[fsu](\d+)/.exec(vector)?.[1] ?? width);
  return { vector, scalar, from: width, to: converted, signed: /_from_s/.test(vector) };
}

function readBits(at: number, bits: number): bigint {
  if (bits === 16) return BigInt(view.getUint16(at, true));
  return bits === 32 ? BigInt(view.getUint32(at, true)) : view.getBigUint64(at, true);
}

function writeBits(at: number, bits: number, value: bigint): void {
  if (bits === 16) view.setUint16(at, Number(BigInt.asUintN(16, value)), true);
  else if (bits === 32) view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
  else view.setBigUint64(at, BigInt.asUintN(64, value), true);
}

interface Setting {
  readonly extra: readonly number[];
  readonly fpcr: number;
  readonly fpsr: number;
}

function writeTail(base: number, first: number, extra: readonly number[]): void {
  extra.forEach((value, i) => view.setUint32(base + 16 * (first + i), value, true));
}

function setStatus({ fpcr, fpsr }: Setting): void {
  view.setUint32(FP, fpcr, true);
  view.setUint32(FP + 4, fpsr, true);
}

/** The result of a scalar call, truncated to `bits`; a true comparison is all ones instead of one. */
function scalarLane(pair: Pair, operands: readonly bigint[], setting: Setting): bigint {
  const { params } = SOFTFLOAT_SIGNATURES[pair.scalar];
  operands.forEach((value, i) => {
    const wide = pair.signed ? BigInt.asIntN(pair.from, value) : value;
    writeBits(SCALAR_ARGS + 16 * i, params[i] === 'i64' ? 64 : 32, wide);
  });
  const status = params.length > operands.length + setting.extra.length ? [FP] : [];
  writeTail(SCALAR_ARGS, operands.length, [...setting.extra, ...status]);
  callers[pair.scalar](SCALAR_ARGS, 1);
  const result = readBits(SCALAR_ARGS + 16 * params.length, pair.to === 64 && !/cmp/.test(pair.scalar) ? 64 : 32);
  return BigInt.asUintN(pair.to, /cmp/.test(pair.scalar) ? -result : result);
}

/** The lanes of a result, then FPSR. */
type Outcome = readonly bigint[];

function expected(pair: Pair, lanes: number, operands: readonly bigint[][], setting: Setting): Outcome {
  setStatus(setting);
  const result = Array.from({ length: 128 / pair.to }, (_, lane) =>
    lane < lanes
      ? scalarLane(
          pair,
          operands.map((operand) => operand[lane] ?? 0n),
          setting,
        )
      : 0n,
  );
  return [...result, BigInt(view.getUint32(FP + 4, true))];
}

function actual(pair: Pair, lanes: number, operands: readonly bigint[][], setting: Setting): Outcome {
  const { params } = SOFTFLOAT_SIGNATURES[pair.vector];
  setStatus(setting);
  operands.forEach((operand, i) => {
    operand.forEach((value, lane) => writeBits(VECTOR_ARGS + 16 * i + (lane * pair.from) / 8, pair.from, value));
  });
  const status = params.length > operands.length + setting.extra.length + 1 ? [FP] : [];
  writeTail(VECTOR_ARGS, operands.length, [...setting.extra, lanes, ...status]);
  callers[pair.vector](VECTOR_ARGS, 1);
  const at = VECTOR_ARGS + 16 * params.length;
  const result = Array.from({ length: 128 / pair.to }, (_, lane) => readBits(at + (lane * pair.to) / 8, pair.to));
  return [...result, BigInt(view.getUint32(FP + 4, true))];
}

const hex = (values: readonly bigint[]): string => values.map((value) => `0x${value.toString(16)}`).join(' ');

/** Runs the cases of a group, as many at a time as fit into a vector, with the control bits of the first of them. */
function compare(pair: Pair, group: RecordedGroup, cases: readonly RecordedCase[]): string[] {
  const size = 128 / pair.from;
  const found: string[] = [];
  for (let i = 0; i + size <= cases.length; i += size) {
    const some = cases.slice(i, i + size);
    const operands = group.args.map((_, k) => some.map((entry) => BigInt.asUintN(pair.from, entry.operands[k] ?? 0n)));
    const fpcr = some[0]?.fpcr ?? 0;
    const extra = group.extra.map((value) => (value === 'rmode' ? (fpcr >> 22) & 3 : value));
    const setting = { extra, fpcr, fpsr: some[0]?.fpsrBefore ?? 0 };
    for (const lanes of new Set([Math.min(size, 128 / pair.to), size / 2, 1])) {
      const want = expected(pair, lanes, operands, setting);
      const got = actual(pair, lanes, operands, setting);
      if (hex(want) === hex(got)) continue;
      const where = `FPCR 0x${fpcr.toString(16)}, FPSR 0x${setting.fpsr.toString(16)}`;
      const inputs = operands.map(hex).join(' | ');
      found.push(
        `${pair.vector}(${inputs}; ${extra.join()}; ${lanes} lanes) with ${where}: got ${hex(got)}, expected ${hex(want)}`,
      );
    }
  }
  return found;
}

/**
 * Operands without corner cases, for which native SIMD results are used: the lower bits of recorded ones around 1.0,
 * with zeros.
 */
function plainCases(group: RecordedGroup, cases: readonly RecordedCase[], bits: number): RecordedCase[] {
  const fraction = bits === 64 ? 52 : 23;
  const one = bits === 64 ? 0x3ffn : 0x7fn;
  const plain = (value: bigint, i: number): bigint => {
    const low = BigInt.asUintN(fraction, value);
    return low % 11n === 0n ? 0n : ((one + (low % 5n) - BigInt(i)) << BigInt(fraction)) | low;
  };
  return cases.map((entry) => ({
    ...entry,
    fpcr: 0,
    fpsrBefore: 0x10,
    operands: group.args[0]?.startsWith('f') ? entry.operands.map(plain) : entry.operands,
  }));
}

describe('vector forms compute what their scalar forms do, lane by lane', () => {
  const recorded = readRecorded((fn) => (SOFTFLOAT_SIGNATURES[fn].result === 'i64' ? 8 : 4));
  const vectors = Object.keys(SOFTFLOAT_SIGNATURES).filter((name) => name.startsWith('v_'));
  for (const name of vectors) {
    it(name, () => {
      const pair = pairOf(name as SoftfloatName);
      const groups = recorded.filter(([group]) => group.fn === pair.scalar);
      expect(groups.length).toBeGreaterThan(0);
      for (const [group, cases] of groups) {
        const plain = pair.from === 16 ? [] : plainCases(group, cases, pair.from);
        expect(compare(pair, group, [...cases, ...plain]).slice(0, 3)).toEqual([]);
      }
    });
  }
});
