import { readFileSync } from 'node:fs';
import { inRoot } from './root.mjs';

/** Kernel words that make the Debian guest test itself and power off. */
export const SELFTEST_WORDS = 'qvm.run=selftest-cpu,poweroff+-f';

/**
 * Judges the console output of a guest that ran `selftest-cpu`.
 *
 * @returns what is wrong, as sentences; nothing when every line is what it is on every correct machine.
 */
export function selftestProblems(output) {
  const lines = output.split(/\r*\n/);
  const ready = lines.findIndex((line) => line.startsWith('GUEST-READY '));
  if (ready < 0) return ['The guest did not get as far as GUEST-READY.'];
  const begin = lines.indexOf('RUN selftest-cpu', ready);
  if (begin < 0) return ['The guest did not run selftest-cpu.'];
  const end = lines.findIndex((line, index) => index > begin && line.startsWith('RUN-RC '));
  if (end < 0) return ['selftest-cpu did not end.'];
  const problems = differences(expectedLines(), lines.slice(begin + 1, end));
  if (lines[end] !== 'RUN-RC 0') problems.push(`selftest-cpu ended with "${lines[end]}".`);
  return problems;
}

function expectedLines() {
  const file = inRoot('packages', 'guests', 'testdata', 'selftest-cpu.expected');
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}

function differences(expected, actual) {
  const problems = [];
  for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
    if (expected[i] === actual[i]) continue;
    problems.push(
      `selftest-cpu, line ${i + 1}: expected "${expected[i] ?? '(no line)'}", got "${actual[i] ?? '(no line)'}".`,
    );
  }
  return problems;
}
