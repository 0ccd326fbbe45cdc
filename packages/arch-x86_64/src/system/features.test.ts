import { FLAT_32, LONG_MODE, LONGEST, rowFeatures, rowsWith, X86Decoder } from '@qvm/isa-x86_64';
import { FEATURES, IMPLEMENTED } from './features.js';
import type { FeatureName } from './features.js';

/** One instruction of each feature that consists of instructions (SDM vol. 2). */
const INSTRUCTIONS: Readonly<Partial<Record<FeatureName, string>>> = {
  fpu: 'db e3', // fninit
  tsc: '0f 31', // rdtsc
  msr: '0f 32', // rdmsr
  cx8: '0f c7 0f', // cmpxchg8b [rdi]
  sep: '0f 34', // sysenter
  cmov: '0f 44 c1', // cmove eax, ecx
  clflush: '0f ae 3f', // clflush [rdi]
  mmx: '0f fc c1', // paddb mm0, mm1
  fxsr: '0f ae 07', // fxsave [rdi]
  sse: '0f 28 c1', // movaps xmm0, xmm1
  sse2: '66 0f fe c1', // paddd xmm0, xmm1
  sse3: 'f2 0f f0 07', // lddqu xmm0, [rdi]
  pclmulqdq: '66 0f 3a 44 c1 00', // pclmulqdq xmm0, xmm1, 0
  monitor: '0f 01 c8', // monitor
  ssse3: '66 0f 38 00 c1', // pshufb xmm0, xmm1
  cx16: '48 0f c7 0f', // cmpxchg16b [rdi]
  sse4_1: '66 0f 38 17 c1', // ptest xmm0, xmm1
  sse4_2: '66 0f 3a 63 c1 00', // pcmpistri xmm0, xmm1, 0
  movbe: '0f 38 f0 07', // movbe eax, [rdi]
  popcnt: 'f3 0f b8 c1', // popcnt eax, ecx
  aes: '66 0f 38 dc c1', // aesenc xmm0, xmm1
  xsave: '0f ae 27', // xsave [rdi]
  xsaveopt: '0f ae 37', // xsaveopt [rdi]
  xsavec: '0f c7 27', // xsavec [rdi]
  fsgsbase: 'f3 0f ae c0', // rdfsbase eax
  invpcid: '66 0f 38 82 07', // invpcid rax, [rdi]
  adx: '66 0f 38 f6 c1', // adcx eax, ecx
  smap: '0f 01 ca', // clac
  bmi1: 'c4 e2 78 f2 c1', // andn eax, eax, ecx
  bmi2: 'c4 e2 7b f5 c1', // pdep eax, eax, ecx
  lzcnt: 'f3 0f bd c1', // lzcnt eax, ecx
  avx: 'c5 f4 58 c2', // vaddps ymm0, ymm1, ymm2
  avx2: 'c5 f5 fe c2', // vpaddd ymm0, ymm1, ymm2
  f16c: 'c4 e2 7d 13 c1', // vcvtph2ps ymm0, xmm1
  fma: 'c4 e2 75 98 c2', // vfmadd132ps ymm0, ymm1, ymm2
  clflushopt: '66 0f ae 3f', // clflushopt [rdi]
  clwb: '66 0f ae 37', // clwb [rdi]
  rdpid: 'f3 0f c7 f8', // rdpid rax
  lahf_lm: '9f', // lahf
  syscall: '0f 05', // syscall
  rdtscp: '0f 01 f9', // rdtscp
};

/** Further instructions, above all those whose prefixes or registers tell another feature than they have. */
const MORE_INSTRUCTIONS: Readonly<Partial<Record<FeatureName, readonly string[]>>> = {
  fpu: ['d8 c1', 'd9 07', 'dd 37', 'df e0', 'd9 07', 'da c1', 'db f1'],
  cmov: ['0f 48 c1', 'da c1', 'db d9', 'db f1', 'df e9'],
  mmx: ['0f 77', '0f 6e c1', '0f 7f 07', '0f 6f c1', '0f 71 d1 03', '0f d5 c1'],
  fxsr: ['0f ae 0f'],
  syscall: ['48 0f 07'],
  sep: ['48 0f 35'],
  msr: ['0f 30'],
  lahf_lm: ['9e'],
  sse: [
    ...[
      '0f 10 c1',
      'f3 0f 10 c1',
      '0f 58 c1',
      'f3 0f 51 c1',
      '0f c2 c1 00',
      '0f 2e c1',
      'f3 0f 2a c1',
      '0f 2a c1',
      '0f 2d c1',
    ],
    ...['0f ae 17', '0f ae 1f', '0f ae f8', '0f 50 c1', '0f 16 c1', '0f 57 c1', '0f 14 c1', '0f c6 c1 00', '0f 53 c1'],
    // On MMX registers: pavgb, pmaxub, pmulhuw, psadbw, pshufw, pinsrw, pextrw, pmovmskb, maskmovq, movntq
    ...[
      '0f e0 c1',
      '0f de c1',
      '0f e4 c1',
      '0f f6 c1',
      '0f 70 c1 00',
      '0f c4 c1 00',
      '0f c5 c1 00',
      '0f d7 c1',
      '0f f7 c1',
    ],
    '0f e7 07',
  ],
  sse2: [
    ...[
      '66 0f 28 c1',
      'f2 0f 10 c1',
      '66 0f 58 c1',
      'f2 0f 51 c1',
      '66 0f 6f c1',
      'f3 0f 6f c1',
      'f3 0f 7f 07',
      'f3 0f 7e c1',
    ],
    ...['66 0f d6 c1', '66 0f 6e c1', '66 0f 7e c1', '66 0f e7 07', '0f c3 07', '0f ae e8', '0f ae f0', '66 0f 6c c1'],
    // cvtss2sd, cvtps2pd, cvtdq2ps, cvttps2dq, cvtdq2pd, pshufhw, cvtpi2pd, cvttpd2pi
    ...[
      'f3 0f 5a c1',
      '0f 5a c1',
      '0f 5b c1',
      'f3 0f 5b c1',
      'f3 0f e6 c1',
      'f3 0f 70 c1 00',
      '66 0f 2a c1',
      '66 0f 2c c1',
    ],
    // On MMX registers: paddq, psubq, pmuludq, movq2dq, movdq2q
    ...['0f d4 c1', '0f fb c1', '0f f4 c1', 'f3 0f d6 c1', 'f2 0f d6 c1'],
  ],
  sse3: ['dd 0f', 'db 0f', 'df 0f', 'f2 0f 7c c1', 'f2 0f 12 c1'],
  ssse3: ['0f 38 00 c1', '66 0f 3a 0f c1 00'],
  sse4_1: ['66 0f 3a 14 c1 00', '66 0f 38 2a 07'],
  sse4_2: ['f2 0f 38 f0 c1', '66 0f 38 37 c1'],
  aes: ['66 0f 3a df c1 00', 'c4 e2 71 dc c2'],
  avx: ['c5 f1 fe c2', 'c5 f8 77', 'c5 f8 28 c1'],
  bmi1: ['f3 0f bc c1'],
  bmi2: ['c4 e2 79 f7 c1'],
};

/** Instructions that the same bytes were before. */
const BEFORE: Readonly<Partial<Record<string, string>>> = { 'f3 0f bd c1': 'BSR', 'f3 0f bc c1': 'BSF' };

const decoderOf = (features: Iterable<string>): X86Decoder =>
  new X86Decoder(rowsWith(new Set<string>(features)), LONG_MODE);

const ALL = decoderOf(IMPLEMENTED);

function nameOf(text: string, decoder: X86Decoder): string | undefined {
  const bytes = text.split(' ').map((byte) => Number.parseInt(byte, 16));
  const data = new DataView(new ArrayBuffer(LONGEST));
  bytes.forEach((byte, i) => data.setUint8(i, byte));
  return decoder.find(decoder.keyAt({ data }, 0, LONGEST))?.row.name;
}

describe('features', () => {
  it.each(Object.entries(INSTRUCTIONS).filter(([name]) => FEATURES[name as FeatureName].implemented))(
    '%s, which CPUID may report, has its instruction %s',
    (_, text) => {
      expect(nameOf(text, ALL)).toBeDefined();
    },
  );

  it('tell whether F3 has an effect: without LZCNT, it is BSR', () => {
    const lzcnt = 'f3 0f bd c1';
    expect(nameOf(lzcnt, decoderOf(['lzcnt']))).toBe('LZCNT');
    expect(nameOf(lzcnt, decoderOf([]))).toBe('BSR');
  });

  it.each(IMPLEMENTED.filter((name) => name in INSTRUCTIONS))(
    'without %s, its instructions are not there',
    (feature) => {
      const without = decoderOf(IMPLEMENTED.filter((name) => name !== feature));
      for (const text of [INSTRUCTIONS[feature] as string, ...(MORE_INSTRUCTIONS[feature] ?? [])]) {
        const name = nameOf(text, without);
        expect([text, name]).toEqual([text, BEFORE[text]]);
        expect(nameOf(text, ALL)).not.toBe(name);
      }
    },
  );

  it('of SSE, SSE2 and MMX have the instructions of all registers apart', () => {
    const mmxAndSse2 = ['0f fc c1', '66 0f fc c1'].map((text) => [
      nameOf(text, decoderOf(['mmx'])),
      nameOf(text, decoderOf(['sse2'])),
    ]);
    expect(mmxAndSse2).toEqual([
      ['PADDB', undefined],
      [undefined, 'PADDB'],
    ]);
    // LAHF needs a feature in 64-bit mode only.
    const legacy = new X86Decoder(rowsWith(new Set()), FLAT_32);
    expect([nameOf('9f', legacy), nameOf('9e', legacy)]).toEqual(['LAHF', 'SAHF']);
  });

  it('are the names that the instruction tables use', () => {
    expect(rowFeatures.filter((name) => !(name in FEATURES))).toEqual([]);
  });
});
