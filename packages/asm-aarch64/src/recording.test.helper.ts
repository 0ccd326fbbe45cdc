import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** Address of the first recorded word: high enough that backward branches do not wrap. */
export const RECORDED_AT = 0x40000000;

/** Where the recordings are. */
export const TESTDATA = fileURLToPath(new URL('../testdata/assembly/', import.meta.url));

/** The file of an instruction table's recording. */
export const recordingOf = (table: string): string => `${TESTDATA}${table}.txt.gz`;

/** A recorded word, its address, and what objdump printed. */
export interface Recorded {
  readonly word: number;
  readonly pc: number;
  readonly text: string;
}

/** Reads the recording of an instruction table. */
export function readRecording(table: string): Recorded[] {
  const lines = gunzipSync(readFileSync(recordingOf(table)))
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line, i) => {
    const [word = '', text = ''] = line.split('\t');
    return { word: Number.parseInt(word, 16), pc: RECORDED_AT + 4 * i, text };
  });
}

/**
 * Normalises a text for comparison: spacing, letter case and the bases of numbers are ignored. Only the blank after
 * the mnemonic is kept, and every `#` number is decimal, floating-point ones with an exponent.
 */
export function normalise(text: string): string {
  return text
    .toLowerCase()
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/\s*([,[\]{}])\s*/g, '$1')
    .replace(/#-?\d+\.\d+(?:e[+-]?\d+)?/g, (float) => `#${Number(float.slice(1)).toExponential()}`)
    .replace(/#(-?)(0x[0-9a-f]+|\d+)(?![\d.e])/g, (_, sign: string, digits: string) => `#${sign}${BigInt(digits)}`);
}
