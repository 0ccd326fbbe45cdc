import type { FindingList } from './finding.js';
import type { Environment } from './paths.js';

/** What the meaning of a configuration depends on besides its text. */
export interface BuildContext {
  readonly baseDir: string;
  /** Absent: `${NAME}` stays as it is written. */
  readonly environment: Environment | undefined;
  readonly findings: FindingList;
}
