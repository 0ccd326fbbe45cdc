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
 * A named processor model: what CPUID says.
 *
 * @experimental
 */
export interface X86Model {
  /** Its name in configurations. */
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

const BASELINE: readonly FeatureName[] = [
  ...(['fpu', 'de', 'pse', 'tsc', 'msr', 'pae', 'cx8', 'apic', 'x2apic', 'sep', 'pge', 'cmov', 'pat'] as const),
  ...(['pse36', 'clflush', 'mmx', 'fxsr', 'sse', 'sse2', 'syscall', 'lm', 'nx', 'hypervisor', 'tsc_deadline'] as const),
];
const VERSION_2: readonly FeatureName[] = [
  ...BASELINE,
  ...(['sse3', 'ssse3', 'sse4_1', 'sse4_2', 'cx16', 'popcnt', 'lahf_lm'] as const),
];
/** Features of the default model beyond version 2. */
const DEFAULT: readonly FeatureName[] = [
  ...VERSION_2,
  ...(['aes', 'pdpe1gb', 'rdtscp', 'pcid', 'invpcid', 'smep', 'erms', 'fsgsbase', 'tsc_adjust'] as const),
];

function makeModel(name: string, features: readonly FeatureName[]): X86Model {
  const existing = features.filter((feature) => FEATURES[feature].implemented);
  return { name, vendor: VENDOR, brand: `qvm ${name}`, signature: SIGNATURE, features: new Set(existing) };
}

/**
 * The models: `qvm64`, the default; `x86-64-v2`, the features that this ABI level requires and no others that matter to
 * programs; `max`, all that exists.
 *
 * @experimental
 */
export const X86_MODELS: readonly X86Model[] = [
  makeModel('qvm64', DEFAULT),
  makeModel('x86-64-v2', VERSION_2),
  makeModel('max', IMPLEMENTED),
];

/** The default model. @experimental */
export const defaultModel = X86_MODELS[0] as X86Model;

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
