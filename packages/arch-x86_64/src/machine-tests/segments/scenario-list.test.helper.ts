import { GATES } from './gates.test.helper.js';
import { LOADS } from './loads.test.helper.js';
import { PROGRAMS } from './programs.test.helper.js';
import type { Scenario } from './scenario.test.helper.js';
import { TASKS } from './tasks.test.helper.js';
import { TRANSFERS } from './transfers.test.helper.js';

/** The scenarios in groups. Names are unique. */
export const GROUPS: Readonly<Record<string, readonly Scenario[]>> = {
  loads: LOADS,
  transfers: TRANSFERS,
  programs: PROGRAMS,
  gates: GATES,
  tasks: TASKS,
};

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = Object.values(GROUPS).flat();
