import { LONG_MODE, LONGEST, rowFeatures, rowsWith, X86Decoder } from '@qvm/isa-x86_64';
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

const decoderOf = (features: Iterable<string>): X86Decoder =>
  new X86Decoder(rowsWith(new Set<string>(features)), LONG_MODE);

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
      expect(nameOf(text, decoderOf(IMPLEMENTED))).toBeDefined();
    },
  );

  it('tell whether F3 has an effect: without LZCNT, it is BSR', () => {
    const lzcnt = 'f3 0f bd c1';
    expect(nameOf(lzcnt, decoderOf(['lzcnt']))).toBe('LZCNT');
    expect(nameOf(lzcnt, decoderOf([]))).toBe('BSR');
  });

  it('that are missing have no instructions', () => {
    const paddd = INSTRUCTIONS.avx2 as string;
    expect([nameOf(paddd, decoderOf(['avx'])), nameOf(paddd, decoderOf(['avx2']))]).toEqual([undefined, 'PADDD']);
    const andn = INSTRUCTIONS.bmi1 as string;
    expect([nameOf(andn, decoderOf(['bmi1'])), nameOf(andn, decoderOf(['bmi2']))]).toEqual(['ANDN', undefined]);
  });

  it('are the names that the instruction tables use', () => {
    expect(rowFeatures.filter((name) => !(name in FEATURES))).toEqual([]);
  });
});
