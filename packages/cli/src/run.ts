import { CommanderError } from 'commander';
import { createProgram } from './program.js';
import { bindOptionalValues } from './optional-values.js';
import { ignoreBrokenPipes } from './report/broken-pipe.js';
import { CliExitCode } from './report/exit-codes.js';

/**
 * Runs the `qvm` command in this process.
 *
 * @param args - what follows `qvm` on the command line.
 * @returns the exit code. Never rejects.
 * @experimental
 */
export async function run(args: readonly string[]): Promise<number> {
  ignoreBrokenPipes();
  let exitCode: number = CliExitCode.Success;
  try {
    const program = createProgram((code) => {
      exitCode = code;
    });
    await program.parseAsync([...bindOptionalValues(program, args)], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its message, or help and version, which are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? CliExitCode.Success : CliExitCode.Usage;
    // Its modules are loaded late, so that help and completion are fast.
    const report = await import('./report/report-error.js');
    const { lines, exitCode: failed } = report.reportError(error, process.env['QVM_DEBUG'] === '1');
    process.stderr.write(`${lines.join('\n')}\n`);
    return failed;
  }
}
