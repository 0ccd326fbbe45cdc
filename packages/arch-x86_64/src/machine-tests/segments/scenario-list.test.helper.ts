import { GATES } from './gates.test.helper.js';
import { LOADS } from './loads.test.helper.js';
import { PROGRAMS } from './programs.test.helper.js';
import type { Scenario } from './scenario.test.helper.js';
import { TASKS } from './tasks.test.helper.js';
import { TRANSFERS } from './transfers.test.helper.js';

/** All scenarios. Names are unique. */
export const SCENARIOS: readonly Scenario[] = [...LOADS, ...TRANSFERS, ...PROGRAMS, ...GATES, ...TASKS];
