import type { BuilderClass } from '@qvm/jit';
import type { DecoderMode } from '../decode/mode.js';
import { X86Flat32 } from './x86-flat32.js';
import { X86 } from './x86.js';

/** The builder for the code of a mode. @experimental */
export const builderOf = ({ bits }: DecoderMode): BuilderClass<X86> => (bits === 64 ? X86 : X86Flat32);
