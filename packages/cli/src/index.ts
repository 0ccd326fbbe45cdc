export { CliExitCode } from './report/exit-codes.js';
export { run } from './run.js';
