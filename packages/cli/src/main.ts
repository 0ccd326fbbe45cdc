import { run } from './run.js';
import { CliExitCode } from './report/exit-codes.js';
import { systemReason } from './report/system-reasons.js';

// An uncaught error in qvm. Ending by `exit` restores the terminal.
process.on('uncaughtException', (error: unknown) => {
  const reason = systemReason(error);
  if (reason !== undefined) {
    process.stderr.write(`qvm: error: ${reason}\n`);
    process.exit(CliExitCode.Failure);
  }
  const text = error instanceof Error ? error.message : String(error);
  const stack = process.env['QVM_DEBUG'] === '1' && error instanceof Error ? `\n${error.stack ?? ''}` : '';
  process.stderr.write(`qvm: error: internal failure: ${text}${stack}\n`);
  process.exit(CliExitCode.Internal);
});

void run(process.argv.slice(2)).then((exitCode) => {
  // Not process.exit, because output to a pipe may still be in progress.
  process.exitCode = exitCode;
});
