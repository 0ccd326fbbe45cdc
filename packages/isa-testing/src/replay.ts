import type { InstructionHarness } from './instruction-harness.js';
import { describeInput, differences, runProgram } from './oracle-case.js';
import { decodeRecording } from './oracle-file.js';

/** The result of a replay. */
export interface ReplayReport {
  readonly cases: number;
  /** Number of mismatches by row. */
  readonly failed: ReadonlyMap<string, number>;
  /** Descriptions of the first mismatches of each row. */
  readonly details: readonly string[];
}

/**
 * Runs the programs of a recording in the harness and compares the results.
 *
 * @param perRow - number of mismatches that are described for each row.
 */
export function replay(harness: InstructionHarness, recording: Uint8Array, perRow = 2): ReplayReport {
  const failed = new Map<string, number>();
  const details: string[] = [];
  let cases = 0;
  for (const { program, text, input, expected } of decodeRecording(recording)) {
    cases++;
    const lines = differences(input, expected, runProgram(harness, program, input));
    if (lines.length === 0) continue;
    const count = (failed.get(program.name) ?? 0) + 1;
    failed.set(program.name, count);
    const words = program.words.map((word) => word.toString(16).padStart(8, '0')).join(' ');
    const inputs = describeInput(input, program.words[program.words.length - 1] as number);
    if (count <= perRow)
      details.push([`${program.name}: ${text} [${words}] seed ${program.seed}`, inputs, ...lines].join('\n    '));
  }
  return { cases, failed, details };
}
