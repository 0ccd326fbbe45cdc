import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { GUEST_SCRIPTS, loadGuestScripts, recipeDigest, scriptDirectory } from './recipe.js';

const source = (name: string): string => readFileSync(scriptDirectory + name, 'utf8');

describe('guest scripts', () => {
  it.each(GUEST_SCRIPTS.map((script) => script.source))('%s is valid shell', (name) => {
    const result = spawnSync('sh', ['-n', scriptDirectory + name], { encoding: 'utf8' });
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(source(name).startsWith('#!/bin/sh\n')).toBe(true);
  });

  it('keep the markers and boot words that other programs rely on', () => {
    for (const word of [
      'GUEST-READY $(uname -m) $(uname -r) uptime',
      'RUN $',
      'RUN-RC $?',
      'qvm.mods=',
      'qvm.run=',
      'qvm.root=',
    ]) {
      expect(source('init')).toContain(word);
    }
    expect(source('selftest-cpu').trimEnd().endsWith('echo SELFTEST-DONE')).toBe(true);
    expect(source('bench').trimEnd().endsWith('echo BENCH-DONE')).toBe(true);
  });

  it('are identified by the recipe', async () => {
    expect([...(await loadGuestScripts()).keys()]).toEqual([
      'init',
      'bin/mod',
      'bin/selftest-cpu',
      'bin/bench',
      'etc/acpi/PWRF/00000080',
    ]);
    expect(await recipeDigest('arm64')).toMatch(/^[0-9a-f]{64}$/);
    expect(await recipeDigest('arm64')).toBe(await recipeDigest('arm64'));
    expect(await recipeDigest('amd64')).not.toBe(await recipeDigest('arm64'));
  });

  it('print what is expected of a correct machine, as recorded', () => {
    const recorded = readFileSync(new URL('../testdata/selftest-cpu.expected', import.meta.url), 'utf8');
    expect(recorded.trimEnd().split('\n').at(-1)).toBe('SELFTEST-DONE');
  });
});
