import type { MachineState } from './machine-state.js';
import { bits } from './word-class.js';

const DC_ZVA = 0xd50b7420;
const FJCVTZS = 0x1e7e0000;
const FPCR_FZ = 1 << 24;
const NZCV = 0x5a10;
const FPCR = 0x5a20;
const FPSR = 0x5a21;

/**
 * Whether the result of `qemu-aarch64 -cpu max` (7.2) for `word` in `state` must be ignored: it implements features
 * that the tables do not claim, makes another permitted choice, or is wrong.
 */
export function qemuDiffers(word: number, state: MachineState): boolean {
  // QEMU sets Z for a denormal that FPCR.FZ flushes, contrary to the Arm ARM's FPToFixedJS.
  if ((word & ~0x3ff) >>> 0 === FJCVTZS) return (state.fpcr & FPCR_FZ) !== 0;
  // The block size of DC ZVA is implementation defined.
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

/** PACIASP and similar hints have no effect without FEAT_PAuth. */
function isPointerAuthentication(word: number): boolean {
  const hint = bits(word, 11, 5);
  return hint === 7 || hint >>> 3 === 1 || hint >>> 3 === 3;
}
