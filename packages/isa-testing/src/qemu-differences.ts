import type { MachineState } from './machine-state.js';
import { bits } from './word-class.js';

const DC_ZVA = 0xd50b7420;
const FJCVTZS = 0x1e7e0000;
const FPCR_FZ = 1 << 24;
const NZCV = 0x5a10;
const FPCR = 0x5a20;
const FPSR = 0x5a21;

/**
 * Whether `qemu-aarch64 -cpu max` (7.2) may not be asked what `word` does from `state`: it implements features that the tables do not
 * claim, its choice differs where there is one, or it is wrong.
 */
export function qemuDiffers(word: number, state: MachineState): boolean {
  // Sets Z for a denormal that FPCR.FZ flushes, against the Arm ARM's FPToFixedJS.
  if ((word & ~0x3ff) >>> 0 === FJCVTZS) return (state.fpcr & FPCR_FZ) !== 0;
  // The block size of DC ZVA is the implementation's choice.
  if ((word & ~31) >>> 0 === DC_ZVA) return true;
  if (bits(word, 31, 12) === 0xd5032 && bits(word, 4, 0) === 31) return isPointerAuthentication(word);
  return bits(word, 31, 22) === 0b1101010100 && bits(word, 20, 20) === 1 && systemRegisterDiffers(word, state);
}

function systemRegisterDiffers(word: number, state: MachineState): boolean {
  const register = bits(word, 19, 5);
  const reads = bits(word, 21, 21) === 1;
  const t = bits(word, 4, 0);
  const value = t === 31 || reads ? 0n : state.x(t);
  // FEAT_FP16's FZ16, and fields of AArch32's FPSCR.
  if (register === FPCR) return (value & 0x3f_9f00n) !== 0n;
  if (register === FPSR) return (value & 0xf000_0000n) !== 0n;
  return register !== NZCV;
}

/** PACIASP and its kin do nothing without FEAT_PAuth. */
function isPointerAuthentication(word: number): boolean {
  const hint = bits(word, 11, 5);
  return hint === 7 || hint >>> 3 === 1 || hint >>> 3 === 3;
}
