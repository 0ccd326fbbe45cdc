import { SOFTFLOAT_X86_SIGNATURES, instantiateSoftfloatX86 } from './index.js';
import { differenceOf } from './x86-case.test.util.js';
import { readX86Recorded } from './x86-recorded.test.util.js';

/** Estimates are defined by an error bound, not by bits; the others have no instruction of their own. */
const NOT_RECORDED = ['f32_rcp', 'f32_rsqrt', 'v_f32_rcp', 'v_f32_rsqrt', 'f80_indefinite'];
/** FLDENV, FNSTENV, FRSTOR and FNSAVE access the state and memory: they are recorded as instructions, in isa-testing. */
const RECORDED_AS_INSTRUCTIONS = ['f80_load_environment', 'f80_store_environment', 'f80_restore', 'f80_save'];

describe('results and status recorded from an x86-64 processor', () => {
  const recorded = readX86Recorded();
  for (const [group, cases] of recorded) {
    it(`${group.fn} as ${group.code.join('; ')}`, () => {
      expect(cases.length).toBeGreaterThan(0);
      const differences = cases.map(([entry, outcome]) => differenceOf(group, entry, outcome)).filter((text) => text);
      expect(differences.slice(0, 10)).toEqual([]);
    });
  }

  it('cover every other function', () => {
    const names = new Set<string>([...NOT_RECORDED, ...RECORDED_AS_INSTRUCTIONS]);
    for (const [group] of recorded) names.add(group.fn).add((group.x87 ? group.widen : undefined) ?? group.fn);
    expect(Object.keys(SOFTFLOAT_X86_SIGNATURES).filter((name) => !names.has(name))).toEqual([]);
  });
});

describe('RCPSS and RSQRTSS', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { f32_rcp, f32_rsqrt } = instantiateSoftfloatX86(memory);
  const float = new Float32Array(1);
  const bits = new Int32Array(float.buffer);
  const valueOf = (pattern: number): number => {
    bits[0] = pattern;
    return float[0] ?? 0;
  };
  const bound = 1.5 * 2 ** -12;

  it('are within a relative error of 1.5 * 2^-12', () => {
    const wrong: number[] = [];
    for (let pattern = 0x00800000; pattern < 0x7e800000; pattern += 0x12345) {
      const x = valueOf(pattern);
      const errors = [valueOf(f32_rcp(pattern)) * x - 1, valueOf(f32_rsqrt(pattern)) * Math.sqrt(x) - 1];
      if (errors.some((error) => !(Math.abs(error) <= bound))) wrong.push(pattern);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['zero', 0, 0x7f800000, 0x7f800000],
    ['minus zero', -0x80000000, 0xff800000, 0xff800000],
    ['a denormal', 0x007fffff, 0x7f800000, 0x7f800000],
    ['a negative denormal', 0x807fffff | 0, 0xff800000, 0xff800000],
    ['infinity', 0x7f800000, 0, 0],
    ['minus infinity', 0xff800000 | 0, 0x80000000, 0xffc00000],
    ['a negative number', 0xc0000000 | 0, 0xbf000000, 0xffc00000],
    ['a number with a tiny reciprocal', 0x7f000001, 0, 0x1fb504f2],
    ['a signalling NaN', 0xff800001 | 0, 0xffc00001, 0xffc00001],
  ])('of %s', (_, operand, reciprocal, root) => {
    expect(f32_rcp(operand) >>> 0).toBe(reciprocal);
    expect(f32_rsqrt(operand) >>> 0).toBe(root);
  });
});

describe('f80_indefinite', () => {
  it('stores the quiet NaN with the sign set and an otherwise empty fraction', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const view = new DataView(memory.buffer);
    expect(instantiateSoftfloatX86(memory).f80_indefinite(32)).toBe(1);
    expect(view.getBigUint64(32, true)).toBe(0xc000000000000000n);
    expect(view.getUint16(40, true)).toBe(0xffff);
  });
});
