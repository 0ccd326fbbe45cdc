/** Reads testdata/arm-results.bin.gz, whose format scripts/record.mjs describes. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { SoftfloatName } from './module.js';

export type OperandType = 'f16' | 'f32' | 'f64' | 'i32' | 'i64';

export interface RecordedGroup {
  readonly fn: SoftfloatName;
  readonly args: readonly OperandType[];
  /** Further arguments; 'rmode' stands for the rounding mode in FPCR. */
  readonly extra: readonly (number | 'rmode')[];
  readonly instruction: string;
  /** Whether the function takes the address of FPCR and FPSR. */
  readonly status: boolean;
  readonly count: number;
}

export interface RecordedCase {
  readonly fpcr: number;
  readonly fpsrBefore: number;
  readonly fpsr: number;
  readonly operands: readonly bigint[];
  readonly result: bigint;
}

const BYTES: Record<OperandType, number> = { f16: 2, f32: 4, f64: 8, i32: 4, i64: 8 };

function unsigned(view: DataView, at: number, bytes: number): bigint {
  if (bytes === 2) return BigInt(view.getUint16(at, true));
  return bytes === 4 ? BigInt(view.getUint32(at, true)) : view.getBigUint64(at, true);
}

function fpcrOf(control: number): number {
  const bit = (from: number, to: number): number => ((control >> from) & 1) << to;
  return ((control & 3) << 22) | bit(2, 24) | bit(3, 25) | bit(4, 26) | bit(5, 19);
}

/** Size of a result in bytes, by its WebAssembly type. */
export type ResultBytes = (fn: SoftfloatName) => number;

/** All groups and their cases. */
export function readRecorded(resultBytes: ResultBytes): [RecordedGroup, RecordedCase[]][] {
  const file = gunzipSync(readFileSync(new URL('../testdata/arm-results.bin.gz', import.meta.url)));
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = view.getUint32(0, true);
  const groups = JSON.parse(file.subarray(4, 4 + length).toString()) as RecordedGroup[];
  let at = 4 + length;
  const take = (bytes: number): bigint => {
    at += bytes;
    return unsigned(view, at - bytes, bytes);
  };
  const readCase = (group: RecordedGroup): RecordedCase => {
    const control = view.getUint8(at);
    const fpsr = view.getUint8(at + 1);
    at += 2;
    const operands = group.args.map((type) => take(BYTES[type]));
    const result = take(resultBytes(group.fn));
    return { fpcr: fpcrOf(control), fpsrBefore: ((control >> 6) & 1) << 4, fpsr, operands, result };
  };
  const all = groups.map((group): [RecordedGroup, RecordedCase[]] => [
    group,
    Array.from({ length: group.count }, () => readCase(group)),
  ]);
  if (at !== file.length) throw new Error(`${file.length - at} bytes left over in the recorded results`);
  return all;
}
