import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { FLAT_32, LONG_MODE, x86Rows } from '@qvm/isa-x86_64';
import type { DecoderMode } from '@qvm/isa-x86_64';
import { Random } from '../random.js';
import { encodingsIn, fuzzString } from './byte-strings.js';
import { StringDecoder } from './decoding.js';
import { hostDifferenceOf } from './host-differences.js';
import { differenceOf } from './objdump-differences.js';
import type { Shown } from './objdump-differences.js';

/** A string, and what objdump and, in 64-bit mode, a processor say of it. */
interface Recorded {
  readonly bytes: Uint8Array;
  readonly host: number | undefined;
  readonly theirs: Shown;
}

/** Recorded by oracle/x86_64/fuzz-decoder.mjs. */
function recording(bits: number): Recorded[] {
  const file = new URL(`../../testdata/decoder/x86_64-${bits}.txt.gz`, import.meta.url);
  const lines = gunzipSync(readFileSync(file)).toString().split('\n');
  return lines.map((line) => {
    const [hex = '', host = '', length = '', text = ''] = line.split('\t');
    const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
    return { bytes, host: host === '' ? undefined : Number(host), theirs: { text, length: Number(length) } };
  });
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const MODES: readonly DecoderMode[] = [LONG_MODE, FLAT_32, { bits: 16, flat: false }];

describe.each(MODES)('code of $bits bits', (mode) => {
  const decoder = new StringDecoder(mode);
  const recorded = recording(mode.bits);
  const decoded = recorded.map((one) => ({ ...one, ours: decoder.lengthOf(one.bytes) }));

  it('has instructions of the lengths that objdump shows, or none, but for differences that have reasons', () => {
    const wrong = decoded.flatMap((one) => {
      const difference = differenceOf(one, mode);
      if (difference === undefined || difference.reason !== undefined) return [];
      return [`${hex(one.bytes)}: ${one.ours}, not ${one.theirs.length} ${one.theirs.text}`];
    });
    expect(wrong).toEqual([]);
    const exist = decoded.filter(({ ours }) => ours > 0).length;
    expect(exist).toBeGreaterThan(decoded.length / 4);
    expect(exist).toBeLessThan(decoded.length);
  });

  it('needs every byte of an instruction, and none after it', () => {
    const random = new Random(1);
    const encodings = encodingsIn(x86Rows, mode);
    const strings = Array.from({ length: 3000 }, () => fuzzString(random, encodings, mode));
    const wrong = strings.filter((bytes) => [...decoder.wrongCuts(bytes, decoder.lengthOf(bytes))].length > 0);
    expect(wrong.map(hex)).toEqual([]);
  });
});

it('64-bit code has the instructions that a processor has', () => {
  const decoder = new StringDecoder(LONG_MODE);
  const recorded = recording(64);
  const wrong = recorded.flatMap(({ bytes, host, theirs }) => {
    if (host === undefined) return ['not recorded'];
    const ours = decoder.lengthOf(bytes);
    if (ours === host) return [];
    const { reason } = hostDifferenceOf({ bytes, ours, theirs, host });
    return reason === undefined ? [`${hex(bytes)}: ${ours}, not ${host} ${theirs.text}`] : [];
  });
  expect(wrong).toEqual([]);
});

it('an instruction of more than fifteen bytes is not one that does not exist', () => {
  const decoder = new StringDecoder(LONG_MODE);
  // The processor raises #GP there instead of #UD, so the recorder finds the last length that it tries.
  const recorded = recording(64).filter(({ bytes }) => decoder.lengthOf(bytes) === 0);
  const tooLong = recorded.filter(({ bytes }) => decoder.isTooLong(bytes));
  expect(tooLong.filter(({ host }) => host !== 15)).toEqual([]);
  // The others are instructions that we do not have, whose lengths are therefore not known.
  const others = recorded.filter(({ bytes, host }) => host === 15 && !decoder.isTooLong(bytes));
  expect(tooLong.length).toBeGreaterThan(4 * others.length);
});

it('VEX.vvvv that names no register is 1111b, in code of 32 bits too', () => {
  const decoder = new StringDecoder(FLAT_32);
  const lengths = ['c4e37bf0d505', 'c4e33bf0d505'].map((text) =>
    decoder.lengthOf(Uint8Array.from({ length: 16 }, (_, i) => Buffer.from(text, 'hex')[i] ?? 0)),
  );
  // RORX; GNU objdump shows "(bad)" for the second.
  expect(lengths).toEqual([6, 0]);
});
