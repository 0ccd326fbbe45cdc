import { scalarFloat } from '../builder/softfloat-helpers.js';
import { conditionMask, holds, scalar } from './fp-common.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';

/**
 * Scalar floating-point comparison and conditional select (Arm ARM C7.2). In FCMPE and FCCMPE, `E` is set.
 *
 * @experimental
 */
export const fpScalarCompareRows: readonly A64Row[] = withFpCheck([
  inst('C7.2', 'FCMP, FCMPE (register)', '00011110 0 D:1! 1 Rm:5 001000 Rn:5 E:1 0000', {}, (b, { D, E, Rm, Rn }) => {
    b.setNzcv(b.call(scalarFloat('compare', D), scalar(b, Rn, D), scalar(b, Rm, D), E, b.fpStatus()));
  }),

  inst('C7.2', 'FCMP, FCMPE (zero)', '00011110 0 D:1! 1 xxxxx 001000 Rn:5 E:1 1000', {}, (b, { D, E, Rn }) => {
    b.setNzcv(b.call(scalarFloat('compare', D), scalar(b, Rn, D), b.imm(0), E, b.fpStatus()));
  }),

  inst(
    'C7.2',
    'FCCMP, FCCMPE',
    '00011110 0 D:1! 1 Rm:5 cond:4 01 Rn:5 E:1 nzcv:4',
    { operands: { mask: conditionMask } },
    (b, { D, E, nzcv, mask, Rm, Rn }) => {
      const compares = holds(b, mask);
      // If the condition does not hold, no exception may be raised: zeros are compared instead.
      const operand = (r: typeof Rn) => b.select(compares, scalar(b, r, D), b.imm(0));
      const result = b.call(scalarFloat('compare', D), operand(Rn), operand(Rm), E, b.fpStatus());
      b.setNzcv(b.select(compares, result, nzcv));
    },
  ),

  inst(
    'C7.2',
    'FCSEL',
    '00011110 0 D:1! 1 Rm:5 cond:4 11 Rn:5 Rd:5',
    { operands: { mask: conditionMask } },
    (b, { D, mask, Rm, Rn, Rd }) => {
      b.setD(Rd, b.select(holds(b, mask), scalar(b, Rn, D), scalar(b, Rm, D)));
    },
  ),
]);
