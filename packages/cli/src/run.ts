import { CommanderError } from 'commander';
import { createProgram } from './program.js';
import { bindOptionalValues } from './optional-values.js';
import { CliExitCode } from './report/exit-codes.js';
import { watchOutput } from './report/output-streams.js';
import { systemReason } from './report/system-reasons.js';

/**
 * Runs the `qvm` command in this process.
 *
 * @param args - the words after `qvm` on the command line.
 * @returns the exit code. Never rejects.
 * @experimental
 */
export async function run(args: readonly string[]): Promise<number> {
  watchOutput();
  let exitCode: number = CliExitCode.Success;
  try {
    const program = createProgram((code) => {
      exitCode = code;
    });
    await program.parseAsync([...bindOptionalValues(program, args)], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its message; help and version are not errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? CliExitCode.Success : CliExitCode.Usage;
    return await tell(error);
  }
}

/** Reports an error. The code for this is loaded only now, because help and completion must be fast. */
async function tell(error: unknown): Promise<number> {
  try {
    const report = await import('./report/report-error.js');
    const { lines, exitCode } = report.reportError(error, process.env['QVM_DEBUG'] === '1');
    process.stderr.write(`${lines.join('\n')}\n`);
    return exitCode;
  } catch (failed) {
    const reason = systemReason(failed);
    if (reason === undefined) throw failed;
    process.stderr.write(`qvm: error: ${reason}\n`);
    return CliExitCode.Failure;
  }
}
