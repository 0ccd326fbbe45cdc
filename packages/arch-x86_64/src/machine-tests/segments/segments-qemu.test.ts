import { readFileSync } from 'node:fs';
import { ScenarioMachine } from './run-scenario.test.helper.js';
import { GROUPS, SCENARIOS } from './scenario-list.test.helper.js';

/** The ends of scenarios by name. */
function read(name: string): ReadonlyMap<string, string> {
  const lines = readFileSync(new URL(`../../../testdata/${name}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  return new Map(
    lines
      .filter((line) => !line.startsWith('#'))
      .map((line) => {
        const at = line.indexOf(': ');
        return [line.slice(0, at), line.slice(at + 2)] as const;
      }),
  );
}

/** In QEMU, recorded by `scripts/record-segments.mjs`. */
const QEMU = read('segments-qemu.txt');
/** By the manual, where QEMU differs from it. */
const MANUAL = read('segments-manual.txt');

describe('segments, gates and tasks', () => {
  const machine = new ScenarioMachine();

  it('are all recorded', () => {
    expect([...QEMU.keys()]).toEqual(SCENARIOS.map(({ name }) => name));
    expect([...MANUAL].filter(([name, end]) => !QEMU.has(name) || QEMU.get(name) === end)).toEqual([]);
  });

  it.each(Object.keys(GROUPS))('end as in QEMU, or as the manual says: %s', (group) => {
    const scenarios = GROUPS[group] ?? [];
    expect(scenarios.length).toBeGreaterThan(0);
    const differences = scenarios.flatMap((scenario) => {
      const { name } = scenario;
      const ours = machine.run(scenario);
      const theirs = MANUAL.get(name) ?? QEMU.get(name);
      return ours === theirs ? [] : [`${name}\n  qvm    ${ours}\n  oracle ${theirs}`];
    });
    expect(differences).toEqual([]);
  });
});
