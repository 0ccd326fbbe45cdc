import { readdirSync, readFileSync } from 'node:fs';
import { inRoot } from './root.mjs';

/**
 * The condition of `exports` under which a package is the modules that the compiler wrote, one file each. Otherwise it is its bundles.
 * A test imports modules of its package by their paths; what it then imports by name must not bring the same classes once more.
 */
export const MODULES = 'qvm-modules';

/** The condition by which Node loads the modules. Worker threads inherit it, child processes do not. */
export const MODULES_OPTION = `--conditions=${MODULES}`;

const DESCRIPTION = './package.json';

/** The entries of a package.json, for other packages (`exports`) and for its own files only (`imports`). */
export function entriesOf({ exports, imports = {} }) {
  return [
    ...entriesIn(exports).map((entry) => ({ ...entry, internal: false })),
    ...entriesIn(imports).map((entry) => ({ ...entry, internal: true })),
  ];
}

/**
 * The modules by which packages are imported: the front doors of each.
 *
 * @returns for each the folder of its package, the name to import, and the path of its module in `src` and `dist` without extension
 */
export function publicModules() {
  return readdirSync(inRoot('packages')).flatMap((folder) => {
    const description = JSON.parse(readFileSync(inRoot('packages', folder, 'package.json'), 'utf8'));
    return Object.entries(description.exports).flatMap(([path, value]) =>
      entriesIn(value).map(({ module }) => ({
        folder,
        specifier: path.replace('.', description.name),
        stem: module.replace(/^\.\/dist\/|\.js$/g, ''),
      })),
    );
  });
}

function entriesIn(value) {
  if (typeof value === 'string') return value === DESCRIPTION ? [] : [{ bundle: value, conditions: [] }];
  const { default: bundle, types, [MODULES]: module, ...others } = value;
  const entry = bundle === undefined ? [] : [{ types, module, bundle, conditions: Object.keys(value) }];
  return [...entry, ...Object.values(others).flatMap(entriesIn)];
}
