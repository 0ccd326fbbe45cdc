import { hex, LONG_NAMES, forSelectors } from './scenario-groups.test.helper.js';
import { longStart } from './scenario.test.helper.js';
import type { Scenario } from './scenario.test.helper.js';

/** MOV DS, AX and MOV SS, AX. */
const loads = [
  ...forSelectors('mov ds', () => hex('8e d8')),
  ...forSelectors('mov ss', () => hex('8e d0')),
  ...forSelectors(
    'mov gs long',
    () => hex('8e e8'),
    LONG_NAMES,
    (level, selector) => longStart(level, { general: [selector, selector, 0, 0] }),
  ),
  ...forSelectors(
    'mov ss long',
    () => hex('8e d0'),
    LONG_NAMES,
    (level, selector) => longStart(level, { general: [selector, selector, 0, 0] }),
  ),
];

/** LAR gives EBX and AL = ZF, LSL gives ESI and AH = ZF; VERR and VERW give DL and DH. */
const QUERY = hex('0f 02 d9 0f 94 c0 0f 03 f1 0f 94 c4 0f 00 e1 0f 94 c2 0f 00 e9 0f 94 c6');

const queries = [
  ...forSelectors('lar', () => QUERY),
  ...forSelectors(
    'lar long',
    () => QUERY,
    LONG_NAMES,
    (level, selector) => longStart(level, { general: [0, selector, 0, 0] }),
  ),
];

/** Loads of segment registers, and queries. */
export const LOADS: readonly Scenario[] = [...loads, ...queries];
