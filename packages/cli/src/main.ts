import { run } from './run.js';

void run(process.argv.slice(2)).then((exitCode) => {
  // Not process.exit: output to a pipe may still be under way.
  process.exitCode = exitCode;
});
