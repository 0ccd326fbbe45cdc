// npm test [-- JEST ARGUMENTS]: installs what is missing, builds, runs the fast tests. --slow runs the slow ones instead.
import { build } from './lib/build.mjs';
import { MODULES_OPTION } from './lib/entries.mjs';
import { main } from './lib/failure.mjs';
import { inRoot } from './lib/root.mjs';
import { runNode } from './lib/run.mjs';
import { say } from './lib/step.mjs';

await main(async () => {
  const args = process.argv.slice(2);
  const slow = args.includes('--slow');
  await build();
  // Each run of the tests begins like the first one.
  const env = { ...process.env, QVM_TRANSLATIONS: 'off', ...(slow && { QVM_SLOW_TESTS: '1' }) };
  const jest = [
    MODULES_OPTION,
    inRoot('node_modules', 'jest', 'bin', 'jest.js'),
    ...args.filter((arg) => arg !== '--slow'),
  ];
  say(slow ? 'Slow tests (they take minutes):' : 'Tests:');
  return runNode(jest, { env });
});
