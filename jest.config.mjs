import { MODULES_OPTION } from './scripts/lib/entries.mjs';

if (!process.execArgv.includes(MODULES_OPTION)) {
  throw new Error(`Tests load modules, not bundles: run them with "npm test", or Jest with "node ${MODULES_OPTION}".`);
}

/** Jest runs compiled output in plain worker threads: its own sandbox slows hot code by two orders of magnitude. */
const slow = process.env.QVM_SLOW_TESTS === '1';
export default {
  runner: 'jest-light-runner',
  transform: {},
  roots: ['<rootDir>/packages'],
  testMatch: [slow ? '<rootDir>/packages/*/dist/**/*.slow.test.js' : '<rootDir>/packages/*/dist/**/*.test.js'],
  testPathIgnorePatterns: slow ? [] : ['\\.slow\\.test\\.js$'],
  // Ends a test that hangs. No test measures by it: with other work on the machine, some take a minute.
  testTimeout: slow ? 600_000 : 120_000,
  // Slow tests measure nothing but take a core each.
  maxWorkers: slow ? 1 : '100%',
};
