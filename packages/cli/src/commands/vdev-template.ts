import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { VdevKind } from './vdev-kinds.js';
import type { QvmSource } from './qvm-source.js';
import type { VdevPackageName } from './vdev-name.js';

/** A file of a new package: its path in the package's folder, and its text. */
export type PackageFile = readonly [path: string, text: string];

const TEMPLATES = fileURLToPath(new URL('templates/', import.meta.resolve('@qvm/cli/package.json')));
/**
 * Suffix that hides the files from the tools that check this repository, and from npm, which would rename some of them.
 */
const SUFFIX = '.template';
const COMMON = 'common';
/** Files that npm does not pack under their own name. */
const DOTTED: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

const KINDS: Readonly<Record<VdevKind, { readonly description: string; readonly dependencies: readonly string[] }>> = {
  mmio: { description: 'A vdev for qvm with registers and an interrupt.', dependencies: ['@qvm/core'] },
  virtio: { description: 'A VirtIO device for qvm.', dependencies: ['@qvm/core', '@qvm/vdev-virtio'] },
  hook: { description: 'A plugin for qvm that watches VMs.', dependencies: ['@qvm/core'] },
};

/** Packages for the scripts of a new package; it also gets `@qvm/testing`. */
const TOOLS: Readonly<Record<string, string>> = {
  '@types/jest': '^30.0.0',
  '@types/node': '^20.19.0',
  jest: '^30.5.0',
  'jest-light-runner': '^0.7.0',
  typescript: '^7.0.2',
};

/**
 * The files of a new package, in alphabetical order.
 *
 * @param source - source of the qvm packages that it needs.
 */
export function vdevPackageFiles(kind: VdevKind, name: VdevPackageName, source: QvmSource): readonly PackageFile[] {
  const rendered = [COMMON, kind].flatMap((folder) =>
    templates(folder).map(([path, text]) => render(path, text, name)),
  );
  const files: readonly PackageFile[] = [['package.json', packageJson(kind, name, source)], ...rendered];
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1));
}

function templates(folder: string): readonly PackageFile[] {
  const paths = readdirSync(join(TEMPLATES, folder), { recursive: true, encoding: 'utf8' });
  return paths
    .filter((path) => path.endsWith(SUFFIX))
    .map((path) => [path.slice(0, -SUFFIX.length), readFileSync(join(TEMPLATES, folder, path), 'utf8')]);
}

function render(path: string, text: string, name: VdevPackageName): PackageFile {
  const words: Readonly<Record<string, string>> = { ...name };
  const filled = text.replaceAll(/\{\{(\w+)\}\}/g, (placeholder, word: string) => {
    const value = words[word];
    if (value === undefined) throw new Error(`the template ${path} has the unknown placeholder ${placeholder}`);
    return value;
  });
  return [DOTTED[path] ?? path, filled];
}

function packageJson(kind: VdevKind, name: VdevPackageName, source: QvmSource): string {
  const { description, dependencies } = KINDS[kind];
  const content = {
    name: name.package,
    version: '0.1.0',
    description,
    keywords: ['qvm', 'qvm-plugin'],
    license: 'Apache-2.0',
    type: 'module',
    engines: { node: '>=20.19' },
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    files: ['dist', '!dist/**/*.test.*'],
    sideEffects: false,
    publishConfig: { access: 'public' },
    scripts: { build: 'tsc -p .', test: 'tsc -p . && jest', prepack: 'tsc -p .' },
    dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, source.specOf(dependency)])),
    devDependencies: { '@qvm/testing': source.specOf('@qvm/testing'), ...source.further(dependencies), ...TOOLS },
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}
