import { absentFeature } from './absent-instructions.js';
import { PREFIXES, isOtherVector, withoutPrefixes } from './objdump-differences.js';
import type { Comparison, Difference } from './objdump-differences.js';

/** A string that we and a processor in user mode decode differently. */
export interface HostComparison extends Comparison {
  /** Length by the processor; 0 for #UD. */
  readonly host: number;
}

/** A reason for which the processor of a user's program and we may differ. */
interface Reason {
  readonly reason: string;
  /** Matches the text of objdump, without prefixes. */
  readonly text: RegExp;
  /** Whether #UD is what the processor raises, not what we do. */
  readonly onlyOurs: boolean;
}

const REASONS: readonly Reason[] = [
  { reason: 'instructions that raise #UD when they are executed', text: /^ud[012]\b/, onlyOurs: true },
  { reason: 'hypercalls outside of a VM, or in user mode', text: /^(vmcall|vmmcall)\b/, onlyOurs: true },
  { reason: 'instructions that raise #UD in user mode', text: /^(clac|stac)\b/, onlyOurs: true },
  { reason: 'instructions that AMD processors do not have in long mode', text: /^sys(enter|exit)/, onlyOurs: true },
  { reason: 'instructions that the processor does not have', text: /^serialize\b/, onlyOurs: true },
  { reason: 'aliases of x87 instructions, which manuals do not list', text: /^(\(bad\)|ffreep)/, onlyOurs: false },
];

/** Near branches with prefix 66 have 16 bits on AMD processors, 64 on those of Intel (SDM vol. 2, JMP). */
const BRANCH = /^(j\w+|call|ret|loop\w*)\b/;

const UNCHECKED = /^(verw|mov [^,]*,?\s*cr\d)\b/;

/** The difference of a comparison, with its reason if there is one. */
export function hostDifferenceOf({ bytes, ours, theirs, host }: HostComparison): Difference {
  const text = withoutPrefixes(theirs.text);
  const kind = `${ours === 0 ? 'not ours' : host === 0 ? 'only ours' : 'length'}: ${text.split(' ')[0]}`;
  const feature = ours === 0 ? absentFeature(text) : undefined;
  if (feature !== undefined) return { kind, reason: `not implemented: ${feature}` };
  if (ours === 0 && isOtherVector(bytes.find((byte) => !PREFIXES.has(byte))))
    return { kind, reason: 'not implemented: AVX-512, XOP' };
  // Longer than 15 bytes: #GP, not #UD (SDM vol. 3, 6.15).
  if (ours === 0 && host === 15) return { kind, reason: 'more than fifteen bytes' };
  if (ours === host + 2 && BRANCH.test(text) && bytes.includes(0x66))
    return { kind, reason: 'near branches with prefix 66' };
  // A single step does not end after an instruction that the processor's own hypervisor emulates.
  if (ours > 0 && /^cpuid\b/.test(text)) return { kind, reason: 'CPUID is emulated' };
  if (ours === 0 && bytes.includes(0xf0) && UNCHECKED.test(text))
    return { kind, reason: 'instructions for which the recorded processor does not check LOCK' };
  const found = REASONS.find((one) => one.onlyOurs === ours > 0 && one.text.test(text));
  return { kind, ...(found ? { reason: found.reason } : {}) };
}
