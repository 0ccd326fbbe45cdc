// Part of npm run lint: each command line of qvm that a document shows is one that the command takes, with its options, their values
// and its arguments, and each command and option is described. Nothing is run. Needs a build.
import { readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { createHypervisor, lintFacts } from '@qvm/sdk';
import { CommanderError } from 'commander';
import { commandExamples } from './lib/command-examples.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot, root } from './lib/root.mjs';

const { createProgram } = await import('../packages/cli/dist/program.js');
const { SETTING_KEYS } = await import('../packages/cli/dist/overrides.js');
const { bindOptionalValues } = await import('../packages/cli/dist/optional-values.js');

/** What `--set` knows: keys of configurations, and options of vdevs. */
const SETTINGS = new Set([...SETTING_KEYS, ...(await vdevOptions())]);
/** The page whose tables list commands and options. */
const REFERENCE = 'docs/cli.md';
/** Stands for a value, in a synopsis: NAME, FILE.kev, HOST:PORT. */
const PLACEHOLDER = /^[A-Z][A-Z0-9_:.,=@/-]*(\.[a-z]+)?$/;

/** What a mention of a command may lack: arguments, required options, a subcommand. */
const LACKING = new Set([
  'commander.missingArgument',
  'commander.missingMandatoryOptionValue',
  'commander.optionMissingArgument',
  'commander.help',
]);

await main(async () => {
  const problems = [];
  const shown = new Set();
  let count = 0;
  for (const file of documents()) {
    const name = relative(root, file);
    for (const example of commandExamples(readFileSync(file, 'utf8'), name === REFERENCE)) {
      const { line, words, mention } = example;
      for (const alternative of alternatives(words)) {
        count++;
        const problem = await problemOf(alternative, mention, shown);
        if (problem !== undefined) problems.push(`${name}:${line}: qvm ${alternative.join(' ')}: ${problem}`);
      }
    }
  }
  problems.push(...undescribed(shown));
  if (problems.length !== 0) throw new Failure(problems.join('\n'));
  process.stdout.write(`${count} command lines of documents are ones that qvm takes.\n`);
});

async function vdevOptions() {
  const hypervisor = createHypervisor();
  const { vdev } = lintFacts(hypervisor);
  const names = hypervisor.vdevTypes.flatMap(({ type }) =>
    Object.keys(vdev(type).options).map((name) => `${type}.${name}`),
  );
  await hypervisor.dispose();
  return names;
}

function documents() {
  const pages = ['docs', 'packages', 'examples'].flatMap((folder) =>
    readdirSync(inRoot(folder), { recursive: true })
      .filter((file) => file.endsWith('.md') && !/node_modules|^api\//.test(file))
      .map((file) => inRoot(folder, file)),
  );
  return [inRoot('README.md'), inRoot('CONTRIBUTING.md'), ...pages];
}

/** A synopsis with the first of its values and each of its subcommands: `host [status|stop]` is `host status` and `host stop`. */
function alternatives(words) {
  const plain = words.map((word) => word.replaceAll(/[[\]…]/g, '')).filter((word) => word !== '');
  const at = plain.findIndex((word) => /^[a-z-]+(\|[a-z-]+)+$/.test(word));
  const first = plain.map((word) =>
    /^--?[a-z]|\|/.test(word) && !/^\|/.test(word) ? (word.split('|')[0] ?? '') : word,
  );
  if (at < 0 || at > 1 || plain[at - 1]?.startsWith('-')) return [first];
  return plain[at].split('|').map((choice) => first.with(at, choice));
}

/** What is wrong with a command line; `undefined` for nothing. Adds the command that takes it to `shown`. */
async function problemOf(words, mention, shown) {
  const problem = await parseProblem(words, mention, shown);
  if (problem === undefined) return settingProblem(words);
  if (!words.some((word) => PLACEHOLDER.test(word))) return problem;
  const values = words.map((word, index) => (PLACEHOLDER.test(word) ? valueFor(words[index - 1]) : word));
  return parseProblem(values, mention, shown);
}

/** A key of `--set` that is none. */
function settingProblem(words) {
  const keys = words.filter((_, index) => words[index - 1] === '--set').map((word) => word.split('=')[0]);
  const wrong = keys.find((key) => key !== 'KEY' && !SETTINGS.has(key));
  return wrong === undefined ? undefined : `there is no setting ${wrong}`;
}

/** A value that an option with choices takes, or one that is a number, a time and a name. */
function valueFor(option) {
  const choices = allCommands(createProgram(() => undefined)).flatMap(({ command }) =>
    command.options
      .filter(({ long, short }) => long === option || short === option)
      .flatMap(({ argChoices }) => argChoices ?? []),
  );
  return choices[0] ?? '1';
}

async function parseProblem(words, mention, shown) {
  const program = createProgram(() => undefined);
  for (const { command, path } of allCommands(program)) {
    command
      .exitOverride()
      .configureOutput({ writeOut: () => undefined, writeErr: () => undefined, outputError: () => undefined });
    // No action of qvm's may run.
    if (command !== program) command.action(() => undefined);
    if (path !== '' && `${words.join(' ')} `.startsWith(`${path} `)) shown.add(path);
  }
  try {
    await program.parseAsync([...bindOptionalValues(program, words)], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || (mention && LACKING.has(error.code))) return undefined;
    return error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  }
  return undefined;
}

function allCommands(command, path = '') {
  return [
    { command, path },
    ...command.commands.flatMap((child) => allCommands(child, `${path} ${child.name()}`.trim())),
  ];
}

/** Commands that no document shows, and options that none names. */
function undescribed(shown) {
  const text = documents()
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const program = createProgram(() => undefined);
  const hidden = new Set(
    program.commands.filter((command) => !program.createHelp().visibleCommands(program).includes(command)),
  );
  return allCommands(program).flatMap(({ command, path }) => {
    if (command.commands.length > 0 || hidden.has(command)) return [];
    const missing = shown.has(path) ? [] : [`no document shows "qvm ${path}"`];
    const named = ({ long, short }) =>
      [long, short].some((name) => name !== undefined && new RegExp(`[\\s\`[]${name}(?![a-z-])`).test(text));
    const options = command.options.filter((option) => !option.hidden && !named(option));
    return [...missing, ...options.map(({ flags }) => `no document names ${flags} of "qvm ${path}"`)];
  });
}
