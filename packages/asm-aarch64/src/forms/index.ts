import type { FormTable } from '../form.js';
import { branchForms } from './branches.js';
import { cryptoForms } from './crypto.js';
import { dataProcessingImmediateForms } from './data-processing-immediate.js';
import { dataProcessingRegisterForms } from './data-processing-register.js';
import { exclusiveAndAtomicForms } from './exclusives-atomics.js';
import { fpScalarForms } from './fp-scalar.js';
import { fpVectorForms } from './fp-vector.js';
import { loadStoreForms } from './loads-stores.js';
import { simdArithmeticForms } from './simd-arithmetic.js';
import { simdLoadStoreForms } from './simd-load-store.js';
import { simdLongForms } from './simd-long.js';
import { simdMoveForms } from './simd-move.js';
import { simdShiftForms } from './simd-shift.js';
import { systemForms } from './system.js';

/** The syntax of every row, by the row's name. */
export const FORMS: FormTable = {
  ...dataProcessingImmediateForms,
  ...dataProcessingRegisterForms,
  ...branchForms,
  ...loadStoreForms,
  ...exclusiveAndAtomicForms,
  ...systemForms,
  ...fpScalarForms,
  ...fpVectorForms,
  ...simdLoadStoreForms,
  ...simdMoveForms,
  ...simdArithmeticForms,
  ...simdShiftForms,
  ...simdLongForms,
  ...cryptoForms,
};
