import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Workspace } from '../host.test.helper.js';
import { importPlugin } from './import-plugin.js';

const space = new Workspace();
afterAll(() => space.dispose());

const MODULE = (name: string): string => `export const plugin = { name: '${name}', apiVersion: 1, provides: [] };\n`;

describe('a plugin', () => {
  it('is a file, by any path to it', async () => {
    writeFileSync(space.path('own.mjs'), MODULE('own'));
    for (const name of ['own.mjs', './own.mjs', space.path('own.mjs')]) {
      expect(await importPlugin(name, space.folder)).toMatchObject({ name: 'own' });
    }
  });

  it('is a package, also where a folder has its name', async () => {
    const folder = space.path('node_modules/acme-plugin');
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/package.json`, '{ "name": "acme-plugin", "type": "module", "exports": "./index.js" }');
    writeFileSync(`${folder}/index.js`, MODULE('packaged'));
    mkdirSync(space.path('acme-plugin'));
    expect(await importPlugin('acme-plugin', space.folder)).toMatchObject({ name: 'packaged' });
  });

  it.each([
    ['a pipe', 'pipe', 'it is a pipe'],
    ['a device', '/dev/zero', 'it is a device'],
    ['a folder', './folder', 'it is a folder'],
  ])('is never %s: nothing waits for it', async (_what, name, reason) => {
    if (name === 'pipe') execFileSync('mkfifo', [space.path('pipe')]);
    if (name === './folder') mkdirSync(space.path('folder'));
    await expect(importPlugin(name, space.folder)).rejects.toMatchObject({
      code: 'plugin.import',
      cause: { message: expect.stringContaining(reason) as string },
    });
  });

  it('says what is not there, and what exports none', async () => {
    await expect(importPlugin('nobody', space.folder)).rejects.toMatchObject({ code: 'plugin.import' });
    writeFileSync(space.path('empty.mjs'), '');
    await expect(importPlugin('empty.mjs', space.folder)).rejects.toThrow('exports no QvmPlugin');
  });
});
