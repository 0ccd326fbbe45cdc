import type { FormTable } from '../form.js';
import { branchForms } from './branches.js';
import { dataProcessingImmediateForms } from './data-processing-immediate.js';
import { dataProcessingRegisterForms } from './data-processing-register.js';
import { exclusiveAndAtomicForms } from './exclusives-atomics.js';
import { loadStoreForms } from './loads-stores.js';
import { systemForms } from './system.js';

/** The syntax of every row, by the row's name. */
export const FORMS: FormTable = {
  ...dataProcessingImmediateForms,
  ...dataProcessingRegisterForms,
  ...branchForms,
  ...loadStoreForms,
  ...exclusiveAndAtomicForms,
  ...systemForms,
};
