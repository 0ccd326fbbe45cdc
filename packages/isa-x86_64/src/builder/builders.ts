import type { BuilderClass } from '@qvm/jit';
import type { DecoderMode } from '../decode/mode.js';
import { X86Flat32 } from './x86-flat32.js';
import { X86Segmented } from './x86-segmented.js';
import { X86 } from './x86.js';

/** The builder for the code of a mode. @experimental */
export function builderOf({ bits, flat }: DecoderMode): BuilderClass<X86> {
  if (bits === 64) return X86;
  return flat ? X86Flat32 : X86Segmented;
}
