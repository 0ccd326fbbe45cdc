import type { X86State } from './x86-state.js';

/** Numbers of the modes of code, which determine how instructions are decoded. @experimental */
export enum CodeMode {
  Code64,
  Code32,
  Code16,
}

/** The mode of the code that runs. @experimental */
export function codeMode(state: X86State): CodeMode {
  const size = state.codeSize;
  if (size === 64) return CodeMode.Code64;
  return size === 32 ? CodeMode.Code32 : CodeMode.Code16;
}
