import type { FindingList } from './finding.js';
import type { Environment } from './paths.js';

/** Context on which the meaning of a configuration depends besides its text. */
export interface BuildContext {
  readonly baseDir: string;
  /** Absent: `${NAME}` is not expanded. */
  readonly environment: Environment | undefined;
  readonly findings: FindingList;
}
