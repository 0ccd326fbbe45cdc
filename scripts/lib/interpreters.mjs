import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MODULES_OPTION } from './entries.mjs';
import { Failure } from './failure.mjs';
import { inRoot } from './root.mjs';
import { runNode } from './run.mjs';

/** Packages whose modules decide about interpreters, besides the architectures. */
const SOURCES = ['core', 'engine', 'isa-aarch64', 'isa-x86_64', 'jit', 'softfloat'];

/**
 * The interpreters that are generated when qvm is built, so that no start waits for them.
 *
 * @property architecture - folder of the package that has it
 * @property module - the module that is written, by its path in `dist`; `src` has its types
 * @property source - the module that exports the instruction set, by its path in `dist`
 * @property instructionsOf - the instruction set among its exports
 */
export const INTERPRETERS = [
  {
    architecture: 'arch-aarch64',
    module: 'made/a64.js',
    source: 'a64-instruction-set.js',
    instructionsOf: (exports) => exports.a64InstructionSet,
  },
  {
    architecture: 'arch-x86_64',
    module: 'made/x86-64.js',
    source: 'instruction-sets.js',
    instructionsOf: (exports) => exports.madeInstructions(),
  },
];

/** Generates the interpreters that are older than the modules that they are made from. */
export async function makeInterpreters() {
  const old = INTERPRETERS.filter((interpreter) => !isCurrent(interpreter));
  if (old.length === 0) return;
  const names = old.map(({ module }) => module);
  const exitCode = await runNode([MODULES_OPTION, inRoot('scripts', 'make-interpreters.mjs'), ...names]);
  if (exitCode !== 0) throw new Failure('The interpreters could not be generated.', exitCode);
}

function isCurrent({ architecture, module }) {
  const made = inRoot('packages', architecture, 'dist', module);
  if (!existsSync(made)) return false;
  const { mtimeMs } = statSync(made);
  return [...SOURCES, architecture].every((name) => newestIn(inRoot('packages', name, 'dist'), made) <= mtimeMs);
}

/** Time of the last change of a module, tests and the one that is made excepted. */
function newestIn(dist, made) {
  const modules = readdirSync(dist, { recursive: true }).filter((path) => /^(?!.*\.test\.).*\.js$/.test(path));
  const paths = modules.map((path) => join(dist, path)).filter((path) => path !== made);
  return Math.max(...paths.map((path) => statSync(path).mtimeMs));
}
