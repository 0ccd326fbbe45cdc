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

/** Runs of a scenario in an engine: the first one decodes its code, later ones find regions. */
const ENGINES = [
  ['interp', 1],
  ['wasm', 3],
] as const;

describe('scenarios', () => {
  it('are all recorded', () => {
    expect([...QEMU.keys()]).toEqual(SCENARIOS.map(({ name }) => name));
    expect([...MANUAL].filter(([name, end]) => !QEMU.has(name) || QEMU.get(name) === end)).toEqual([]);
  });
});

describe.each(ENGINES)('segments, gates and tasks: %s', (engine, runs) => {
  const machine = new ScenarioMachine(engine, engine === 'wasm');

  it.each(Object.keys(GROUPS))('end as in QEMU, or as the manual says: %s', (group) => {
    const scenarios = GROUPS[group] ?? [];
    const entered = machine.regionTotals.entries;
    const differences = scenarios.flatMap((scenario) => {
      const { name } = scenario;
      const theirs = MANUAL.get(name) ?? QEMU.get(name);
      const ours = Array.from({ length: runs }, () => machine.run(scenario));
      const n = ours.findIndex((end) => end !== theirs);
      return n < 0 ? [] : [`${name}, run ${n + 1}\n  qvm    ${ours[n]}\n  oracle ${theirs}`];
    });
    expect(scenarios.length).toBeGreaterThan(0);
    expect(differences).toEqual([]);
    // Otherwise the test compares too little.
    if (engine === 'wasm') expect(machine.regionTotals.entries - entered).toBeGreaterThan(scenarios.length * 2);
  });
});
