import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { CodeBits } from './disassemble.js';

/** Address of the first recorded instruction, by code size. */
export const RECORDED_AT = { 64: 0x4000_0000, 32: 0x4000_0000, 16: 0x1000 } as const;
/** Distance of recorded instructions. */
export const SLOT = 32;

/** Where the recordings are. */
export const TESTDATA = fileURLToPath(new URL('../testdata/assembly/', import.meta.url));

/** The file of an instruction table's recording. */
export const recordingOf = (table: string, bits: CodeBits): string => `${TESTDATA}${table}-${bits}.txt.gz`;

/** Recorded bytes, their address, and what objdump printed; the bytes that GNU as makes of that, if it takes it. */
export interface Recorded {
  readonly bytes: Uint8Array;
  readonly pc: number;
  readonly text: string;
  readonly assembled: Uint8Array | undefined;
}

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** Reads the recording of an instruction table. */
export function readRecording(table: string, bits: CodeBits): Recorded[] {
  const lines = gunzipSync(readFileSync(recordingOf(table, bits)))
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line, i) => {
    const [hex = '', text = '', assembled] = line.split('\t');
    return {
      bytes: bytesOf(hex),
      pc: RECORDED_AT[bits] + SLOT * i,
      text,
      assembled: assembled === undefined ? undefined : bytesOf(assembled),
    };
  });
}

/** Prefixes without effect, which objdump shows before or after the mnemonic, and we do not. */
const IDLE_PREFIX = /^(rex(\.\w+)?|data16|data32|addr16|addr32|[cdefgs]s|bnd|notrack|xacquire|xrelease) (?=.)/;

/** Comparisons that objdump writes as mnemonics of their own. */
const PREDICATES = [
  ...['eq', 'lt', 'le', 'unord', 'neq', 'nlt', 'nle', 'ord'],
  ...['eq_uq', 'nge', 'ngt', 'false', 'neq_oq', 'ge', 'gt', 'true'],
  ...['eq_os', 'lt_oq', 'le_oq', 'unord_s', 'neq_us', 'nlt_uq', 'nle_uq', 'ord_s'],
  ...['eq_us', 'nge_uq', 'ngt_uq', 'false_os', 'neq_os', 'ge_oq', 'gt_oq', 'true_us'],
];

/**
 * Normalises a text for comparison: blanks, prefixes without effect, displacements of 0 that the encoding has all the
 * same, indices that are no registers.
 */
export function normalise(text: string): string {
  let rest = text
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/\s*([,[\]])\s*/g, '$1');
  while (IDLE_PREFIX.test(rest)) rest = rest.replace(IDLE_PREFIX, '');
  return (
    rest
      .replace(/[+-]0x0\]/g, ']')
      .replace(/\+[er]iz\*\d/g, '')
      .replace(/\*1(?=[\]+-])/g, '')
      .replace(/\((8087|287) only\)/, '')
      .replace(/^(push|pop)[wd](?= )/, '$1')
      .replace(/^([ls][gi]dt)[wd]/, '$1')
      .replace(
        /^(v?)cmp(\w+)([ps][sd]) (.*)/,
        (whole, v: string, predicate: string, type: string, operands: string) => {
          const number = PREDICATES.indexOf(predicate);
          return number < 0 ? whole : `${v}cmp${type} ${operands},0x${number.toString(16)}`;
        },
      )
      .replace(/^(v?)pclmul([lh])q([lh])qdq (.*)/, (_, v: string, first: string, second: string, operands: string) => {
        const control = (first === 'h' ? 1 : 0) | (second === 'h' ? 0x10 : 0);
        return `${v}pclmulqdq ${operands},0x${control.toString(16)}`;
      })
      // objdump shows VEX.L of stores between registers, which is ignored.
      .replace(/^(vmovs[sd]) ymm(?=\d+,xmm\d+,xmm)/, '$1 xmm')
      .replace(/^xchg e?ax,e?ax$/, 'nop')
  );
}
