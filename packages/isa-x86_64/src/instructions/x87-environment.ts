import type { V } from '@qvm/jit';
import { softfloat } from '../builder/softfloat-helpers.js';
import type { X86 } from '../builder/x86.js';
import type { Operand } from '../describe/operand.js';
import type { X86Row } from '../describe/row.js';
import { resetUnit, x87Control, x87NoWait, x87Status } from './x87-common.js';
import type { Semantics } from './x87-common.js';

/** Bits of the layout of an image, as softfloat expects it. */
const WIDE = 1;
const REAL = 2;
const REGISTER_BYTES = 80;

/** Size of an environment in bytes, and of its elements, by log2 of the operand size. */
const environmentBytes = (size: number): number => (size === 1 ? 14 : 28);
const elementBytes = (size: number): number => (size === 1 ? 2 : 4);

/** Layout of the image: by operand size and mode (SDM vol. 1, figures 8-9 to 8-12). */
function layoutOf(b: X86, size: number): V {
  return b.or(b.mul(b.realAddresses(), b.i32(REAL)), b.i32(size === 1 ? 0 : WIDE));
}

function openImage(b: X86, operand: Operand, size: number, registers: boolean, access: 'read' | 'write'): V {
  if (operand.kind !== 'memory') throw new Error('an image is in memory');
  const bytes = environmentBytes(size) + (registers ? REGISTER_BYTES : 0);
  return b.openOperand(operand, bytes, access, { element: elementBytes(size) });
}

const load =
  (name: 'f80_load_environment' | 'f80_restore', registers: boolean): Semantics =>
  (b, [source], { size }) => {
    const at = openImage(b, source, size, registers, 'read');
    b.callNow(softfloat(name), at, layoutOf(b, size), x87Status(b));
  };

const store =
  (name: 'f80_store_environment' | 'f80_save', registers: boolean): Semantics =>
  (b, [target], { size }) => {
    const at = openImage(b, target, size, registers, 'write');
    b.callNow(softfloat(name), at, layoutOf(b, size), x87Status(b));
    if (registers) resetUnit(b);
  };

/** Instructions that save and restore the state of x87 (SDM vol. 1, 8.1.10). @experimental */
export const x87EnvironmentRows: readonly X86Row[] = [
  x87Control('FLDENV', ['D9 /4 M,sz'], load('f80_load_environment', false)),
  x87NoWait('FNSTENV', ['D9 /6 M,sz'], store('f80_store_environment', false)),
  x87Control('FRSTOR', ['DD /4 M,sz'], load('f80_restore', true)),
  x87NoWait('FNSAVE', ['DD /6 M,sz'], store('f80_save', true)),
];
