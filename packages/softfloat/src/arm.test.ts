import { SOFTFLOAT_SIGNATURES, instantiateSoftfloat } from './index.js';
import type { SoftfloatName } from './index.js';
import { readRecorded } from './recorded.test.util.js';
import type { RecordedCase, RecordedGroup } from './recorded.test.util.js';

const FP = 64;
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const state = new Uint32Array(memory.buffer);
const functions = instantiateSoftfloat(memory) as unknown as Record<string, (...args: unknown[]) => number | bigint>;

const resultBytes = (fn: SoftfloatName): number => (SOFTFLOAT_SIGNATURES[fn].result === 'i64' ? 8 : 4);

function call(group: RecordedGroup, entry: RecordedCase): { result: bigint; fpsr: number } {
  state[FP / 4] = entry.fpcr;
  state[FP / 4 + 1] = entry.fpsrBefore;
  const { params } = SOFTFLOAT_SIGNATURES[group.fn];
  const operands = entry.operands.map((value, i) => (params[i] === 'i64' ? value : Number(value)));
  const extra = group.extra.map((value) => (value === 'rmode' ? (entry.fpcr >> 22) & 3 : value));
  const result = functions[group.fn]?.(...operands, ...extra, ...(group.status ? [FP] : []));
  if (result === undefined) throw new Error(`no function ${group.fn}`);
  const wide = typeof result === 'bigint' ? BigInt.asUintN(64, result) : BigInt(result >>> 0);
  return { result: wide, fpsr: state[FP / 4 + 1] ?? 0 };
}

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

function describeCase(group: RecordedGroup, entry: RecordedCase, got: { result: bigint; fpsr: number }): string {
  const args = [...entry.operands.map(hex), ...group.extra].join(', ');
  const before = `FPCR ${hex(entry.fpcr)}, FPSR ${hex(entry.fpsrBefore)}`;
  const wanted = `${hex(entry.result)} and FPSR ${hex(entry.fpsr)}`;
  return `${group.fn}(${args}) with ${before}: got ${hex(got.result)} and FPSR ${hex(got.fpsr)}, expected ${wanted}`;
}

/** Descriptions of the cases that differ, each in full. */
function failures(group: RecordedGroup, cases: RecordedCase[]): string[] {
  const found: string[] = [];
  for (const entry of cases) {
    const got = call(group, entry);
    if (got.result !== entry.result || got.fpsr !== entry.fpsr) found.push(describeCase(group, entry, got));
  }
  return found;
}

describe('results and flags recorded from qemu-aarch64', () => {
  const recorded = readRecorded(resultBytes);
  for (const [group, cases] of recorded) {
    it(`${group.fn} ${group.extra.join(' ')} as ${group.instruction}`, () => {
      expect(failures(group, cases).slice(0, 10)).toEqual([]);
    });
  }

  it('cover every scalar function', () => {
    const names = new Set<string>(recorded.map(([group]) => group.fn));
    const missing = Object.keys(SOFTFLOAT_SIGNATURES).filter((name) => !name.startsWith('v_') && !names.has(name));
    expect(missing).toEqual([]);
  });
});

describe('FJCVTZS where QEMU 7.2 differs from the manual', () => {
  it('clears Z for a positive denormal that is flushed (FPToFixedJS)', () => {
    const { f64_jcvt } = instantiateSoftfloat(memory);
    state[FP / 4] = 1 << 24;
    state[FP / 4 + 1] = 0;
    expect(f64_jcvt(1n, FP)).toBe(0n);
    expect(state[FP / 4 + 1]).toBe(0x80);
  });
});
