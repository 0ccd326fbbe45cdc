// Command lines of qvm in documents: in fenced blocks, in code spans, and in the tables of docs/cli.md.

const FENCE = /^```(\w*)\n(.*?)^```/gms;
/** Languages of blocks whose lines are typed into a shell. */
const SHELL = new Set(['', 'sh', 'bash', 'console']);
const SPAN = /`([^`\n]+)`/g;
/** Programs that come with the command, under names of their own. */
const PROGRAMS = new Map([
  ['qvm', []],
  ['tracelogger', ['tracelogger']],
  ['traceevent', ['traceevent']],
  ['qvm-vdev-server', ['host']],
]);
/** What only a synopsis has: values that may be left out, alternatives, repetitions. */
const SYNOPSIS = /[[\]…]|[^\s|]\|[^\s|]/;

/**
 * Finds the commands of a document.
 *
 * @param text - Markdown.
 * @param tables - whether the first cells of tables are commands and options too, of the command in the heading above.
 * @returns of each its line number, its words after `qvm`, and whether it is a synopsis or a mention, which may lack arguments.
 */
export function commandExamples(text, tables) {
  const lineAt = (index) => text.slice(0, index).split('\n').length;
  const found = [];
  const add = (line, source, mention) => {
    for (const words of simpleCommands(source)) found.push({ line, words, mention: mention || SYNOPSIS.test(source) });
  };
  const prose = text.replaceAll(FENCE, (block, language, code, index) => {
    const first = lineAt(index) + 1;
    if (SHELL.has(language)) for (const [line, source] of shellLines(code)) add(first + line, source, false);
    return block.replaceAll(/[^\n]/g, ' ');
  });
  for (const match of prose.matchAll(SPAN)) add(lineAt(match.index), match[1], true);
  return tables ? [...found, ...tableCommands(prose)] : found;
}

/** Lines of a block, those that end with a backslash joined; a description after two blanks is cut off. */
function shellLines(code) {
  const lines = [];
  let before = '';
  for (const [index, line] of code.split('\n').entries()) {
    const text = before + line.replace(/^\$ /, '');
    before = text.endsWith('\\') ? text.slice(0, -1) : '';
    if (before === '') lines.push([index, text.trimStart().replace(/ {2,}.*/, '')]);
  }
  return lines;
}

/** Commands in first cells: `fetch NAME` below "qvm guest", `--alone` below "qvm start", `stat VM` below another heading. */
function tableCommands(prose) {
  const found = [];
  let prefix = [];
  for (const [index, line] of prose.split('\n').entries()) {
    if (/^#+ /.test(line))
      prefix = /^#+ `qvm ([a-z ]+)`$/.exec(line)?.[1].split(' ') ?? prefix.slice(0, /^###/.test(line) ? 9 : 0);
    const cell = /^\| (`.*?) \|/.exec(
      line.replaceAll('\\|', '|').replaceAll(/`[^`]*`/g, (span) => span.replaceAll(' |', '|')),
    )?.[1];
    if (cell === undefined) continue;
    for (const [, span] of cell.matchAll(SPAN)) {
      if (/^--?[a-z]|^[a-z-]+( |$)/.test(span))
        found.push({ line: index + 1, words: [...prefix, ...wordsOf(span)[0]], mention: true });
    }
  }
  return found;
}

/** The commands of a line of a shell that are qvm's, without redirections and settings of the environment. */
function simpleCommands(source) {
  return wordsOf(source).flatMap((all) => {
    let words = all.filter((word, index) => !/^\d?>/.test(word) && !/^\d?>>?$/.test(all[index - 1] ?? ''));
    while (/^[A-Z_]+=/.test(words[0] ?? '')) words = words.slice(1);
    if (words[0] === 'npx') words = words.slice(words[1] === '--package' ? 3 : 1);
    const own = PROGRAMS.get(words[0]);
    return own === undefined ? [] : [[...own, ...words.slice(1)]];
  });
}

/** Splits a line of a shell into commands and these into words. */
function wordsOf(source) {
  const commands = [[]];
  let word;
  const end = () => {
    if (word !== undefined) commands.at(-1).push(word);
    word = undefined;
  };
  const tokens = source.matchAll(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|(\s+)|(#.*$)|(\|\|?(?=\s)|&&?|;|[()](?=\s|$))|(.)/g,
  );
  for (const [, single, double, escaped, blank, comment, operator, other] of tokens) {
    if (comment !== undefined && word === undefined) break;
    if (blank !== undefined) end();
    else if (operator !== undefined) {
      end();
      commands.push([]);
    } else word = (word ?? '') + (single ?? double ?? escaped ?? comment ?? other);
  }
  end();
  return commands;
}
