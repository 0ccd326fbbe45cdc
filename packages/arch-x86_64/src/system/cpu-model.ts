import { chooseProcessor } from '@qvm/core/architecture';
import type { Processor, ProcessorCatalogue, ProcessorFeature, ProcessorModel } from '@qvm/core/architecture';
import { FEATURES, IMPLEMENTED } from './features.js';
import type { FeatureName, FeatureWord } from './features.js';

/** Family, model and stepping. @experimental */
export interface Signature {
  /** Family, with the extended family added. */
  readonly family: number;
  /** Model, with the extended model as its upper four bits. */
  readonly model: number;
  /** Stepping, 0 to 15. */
  readonly stepping: number;
}

/**
 * The processor of a VM: what CPUID says.
 *
 * @experimental
 */
export interface X86Model {
  /** Its name in configurations, with the features that were added and taken away. */
  readonly name: string;
  /** The vendor, 12 characters. Behaviour that differs between vendors is that of Intel. */
  readonly vendor: string;
  /** The brand string, at most 47 characters. */
  readonly brand: string;
  /** Family, model and stepping, of leaf 1. */
  readonly signature: Signature;
  /** The features that it reports, all of which exist. */
  readonly features: ReadonlySet<FeatureName>;
}

const VENDOR = 'GenuineIntel';
/** Family 6, the first model of Intel 64 with all of the baseline. */
const SIGNATURE: Signature = { family: 6, model: 0x3c, stepping: 1 };

/** Features of the machine that no ABI level asks for and operating systems expect. */
const SYSTEM: readonly FeatureName[] = [
  ...(['de', 'pse', 'tsc', 'msr', 'pae', 'apic', 'x2apic', 'sep', 'pge', 'pat', 'pse36', 'clflush'] as const),
  ...(['syscall', 'lm', 'nx', 'hypervisor', 'tsc_deadline'] as const),
];
/** The ABI levels (System V ABI, AMD64 supplement, table 3.1), each with those below it. */
const VERSION_1: readonly FeatureName[] = [...SYSTEM, 'fpu', 'cmov', 'cx8', 'mmx', 'fxsr', 'sse', 'sse2'];
const VERSION_2: readonly FeatureName[] = [
  ...VERSION_1,
  ...(['cx16', 'lahf_lm', 'popcnt', 'sse3', 'ssse3', 'sse4_1', 'sse4_2'] as const),
];
const VERSION_3: readonly FeatureName[] = [
  ...VERSION_2,
  ...(['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'lzcnt', 'movbe', 'xsave'] as const),
];
/** Features of the default model beyond version 2, as far as they are implemented. */
const MORE: readonly FeatureName[] = [
  ...([
    'aes',
    'pclmulqdq',
    'pdpe1gb',
    'rdtscp',
    'pcid',
    'invpcid',
    'smep',
    'erms',
    'fsgsbase',
    'tsc_adjust',
    'serialize',
  ] as const),
];

/** Features without which a feature is of no use. */
const NEEDS: Readonly<Partial<Record<FeatureName, readonly FeatureName[]>>> = {
  mmx: ['fpu'],
  sse: ['fxsr'],
  sse2: ['sse'],
  sse3: ['sse2'],
  ssse3: ['sse3'],
  sse4_1: ['ssse3'],
  sse4_2: ['sse4_1'],
  aes: ['sse2'],
  pclmulqdq: ['sse2'],
  avx: ['xsave', 'sse4_2'],
  avx2: ['avx'],
  fma: ['avx'],
  f16c: ['avx'],
  xsaveopt: ['xsave'],
  xsavec: ['xsave'],
  xgetbv1: ['xsave'],
  x2apic: ['apic'],
  tsc_deadline: ['apic', 'tsc'],
  tsc_adjust: ['tsc', 'msr'],
  rdtscp: ['tsc'],
  lm: ['pae', 'msr'],
  syscall: ['msr'],
  sep: ['msr'],
  nx: ['pae', 'msr'],
  pse36: ['pse'],
  pdpe1gb: ['lm'],
  pcid: ['lm', 'pge'],
  lahf_lm: ['lm'],
};

/** Whether a feature is implemented, with all that it needs. */
const usable = (name: FeatureName): boolean => FEATURES[name].implemented && (NEEDS[name] ?? []).every(usable);

const entry = (name: string, description: string, features: readonly FeatureName[]): ProcessorModel => ({
  name,
  description,
  features,
});

const DEFAULT = [...VERSION_2, ...MORE].filter(usable);

/**
 * The models of `cpumodel`. The lists of the ABI levels are complete: a level whose features are not all implemented
 * cannot be chosen.
 *
 * @experimental
 */
export const X86_PROCESSORS: ProcessorCatalogue = {
  models: [
    entry('qvm64', 'The features of x86-64-v2 and more, as far as they are implemented', DEFAULT),
    entry('x86-64-v1', 'The first ABI level: SSE2', VERSION_1),
    entry('x86-64-v2', 'The second ABI level: SSE4.2, POPCNT, CMPXCHG16B', VERSION_2),
    entry('x86-64-v3', 'The third ABI level: AVX2, BMI, FMA', VERSION_3),
    entry('max', 'All features that are implemented', IMPLEMENTED.filter(usable)),
  ],
  features: Object.fromEntries((Object.keys(FEATURES) as FeatureName[]).map((name) => [name, featureOf(name)])),
};

function featureOf(name: FeatureName): ProcessorFeature {
  const { at, bit, implemented } = FEATURES[name];
  const [leaf = '', ...rest] = at.split('.');
  const [register = '', subleaf] = rest.reverse();
  const needs = NEEDS[name];
  const description = `CPUID.${leaf}h${subleaf === undefined ? '' : `.${subleaf}`}:${register.toUpperCase()} bit ${bit}`;
  return { description, implemented, ...(needs === undefined ? {} : { needs }) };
}

/**
 * What CPUID says of a processor of {@link X86_PROCESSORS}.
 *
 * @experimental
 */
export function x86Model({ name, model, features }: Processor): X86Model {
  // The catalogue has no other names.
  const reported = new Set([...features] as FeatureName[]);
  return { name, vendor: VENDOR, brand: `qvm ${model}`, signature: SIGNATURE, features: reported };
}

/**
 * The processor that a text such as `max,-pcid` chooses.
 *
 * @throws Error for a text that chooses none.
 * @experimental
 */
export function x86ModelOf(text: string): X86Model {
  const chosen = chooseProcessor(text, X86_PROCESSORS);
  if ('processor' in chosen) return x86Model(chosen.processor);
  throw new Error(chosen.problems.map(({ message }) => message).join('; '));
}

/** The default model. @experimental */
export const defaultModel: X86Model = x86ModelOf('qvm64');

/** CPUID.1:EAX of a model (SDM vol. 2, figure 3-6). @experimental */
export function signatureWord({ signature: { family, model, stepping } }: X86Model): number {
  return ((model >>> 4) << 16) | (family << 8) | ((model & 15) << 4) | stepping;
}

/** A word of feature bits. @experimental */
export function featureBits({ features }: X86Model, word: FeatureWord): number {
  let bits = 0;
  for (const name of features) if (FEATURES[name].at === word) bits |= 1 << FEATURES[name].bit;
  return bits >>> 0;
}
