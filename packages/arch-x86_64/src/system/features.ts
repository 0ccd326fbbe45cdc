/** A leaf of CPUID with one of its registers. @experimental */
export type FeatureWord = '1.ecx' | '1.edx' | '7.ebx' | '7.ecx' | '7.edx' | 'd.1.eax' | '80000001.ecx' | '80000001.edx';

interface Feature {
  /** Where CPUID reports it. */
  readonly at: FeatureWord;
  readonly bit: number;
  /** Whether this processor has it. A feature that is switched off is in no model. */
  readonly implemented: boolean;
}

const on = (at: FeatureWord, bit: number): Feature => ({ at, bit, implemented: true });
const off = (at: FeatureWord, bit: number): Feature => ({ at, bit, implemented: false });

/**
 * The features that CPUID can report (SDM vol. 2, CPUID), and whether they exist. This table is the only place where a
 * feature is switched on.
 *
 * @experimental
 */
export const FEATURES = {
  fpu: on('1.edx', 0),
  vme: off('1.edx', 1),
  de: on('1.edx', 2),
  pse: on('1.edx', 3),
  tsc: on('1.edx', 4),
  msr: on('1.edx', 5),
  pae: on('1.edx', 6),
  mce: off('1.edx', 7),
  cx8: on('1.edx', 8),
  apic: on('1.edx', 9),
  sep: on('1.edx', 11),
  mtrr: off('1.edx', 12),
  pge: on('1.edx', 13),
  mca: off('1.edx', 14),
  cmov: on('1.edx', 15),
  pat: on('1.edx', 16),
  pse36: on('1.edx', 17),
  clflush: on('1.edx', 19),
  mmx: on('1.edx', 23),
  fxsr: on('1.edx', 24),
  sse: on('1.edx', 25),
  sse2: on('1.edx', 26),
  sse3: on('1.ecx', 0),
  pclmulqdq: on('1.ecx', 1),
  monitor: off('1.ecx', 3),
  ssse3: on('1.ecx', 9),
  fma: on('1.ecx', 12),
  cx16: on('1.ecx', 13),
  pcid: on('1.ecx', 17),
  sse4_1: on('1.ecx', 19),
  sse4_2: on('1.ecx', 20),
  x2apic: on('1.ecx', 21),
  movbe: on('1.ecx', 22),
  popcnt: on('1.ecx', 23),
  tsc_deadline: on('1.ecx', 24),
  aes: on('1.ecx', 25),
  xsave: on('1.ecx', 26),
  avx: on('1.ecx', 28),
  f16c: on('1.ecx', 29),
  hypervisor: on('1.ecx', 31),
  fsgsbase: on('7.ebx', 0),
  tsc_adjust: on('7.ebx', 1),
  bmi1: on('7.ebx', 3),
  avx2: on('7.ebx', 5),
  smep: on('7.ebx', 7),
  bmi2: on('7.ebx', 8),
  erms: on('7.ebx', 9),
  invpcid: on('7.ebx', 10),
  adx: on('7.ebx', 19),
  smap: off('7.ebx', 20),
  clflushopt: on('7.ebx', 23),
  clwb: on('7.ebx', 24),
  rdpid: off('7.ecx', 22),
  serialize: on('7.edx', 14),
  xsaveopt: on('d.1.eax', 0),
  xsavec: on('d.1.eax', 1),
  xgetbv1: on('d.1.eax', 2),
  lahf_lm: on('80000001.ecx', 0),
  lzcnt: on('80000001.ecx', 5),
  syscall: on('80000001.edx', 11),
  nx: on('80000001.edx', 20),
  pdpe1gb: on('80000001.edx', 26),
  rdtscp: on('80000001.edx', 27),
  lm: on('80000001.edx', 29),
} as const satisfies Readonly<Record<string, Feature>>;

/** Name of a feature. @experimental */
export type FeatureName = keyof typeof FEATURES;

/** The names of all features that exist. @experimental */
export const IMPLEMENTED: readonly FeatureName[] = (Object.keys(FEATURES) as FeatureName[]).filter(
  (name) => FEATURES[name].implemented,
);
