import { relative } from 'node:path';
import ts from 'typescript';
import { publicModules } from './entries.mjs';
import { inRoot, root } from './root.mjs';

/** Tags of stability, the weakest promise first. */
const TAGS = ['internal', 'experimental', 'beta', 'stable'];
const OPTIONS = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
};

/**
 * The public names of all packages, from the declarations that the compiler wrote: what users compile against.
 *
 * @returns for each entry its `specifier` and `names`; a name has its `tag`, its `declarations` and the `problems` of its tags
 */
export function readApi() {
  const modules = publicModules().map((module) => ({
    specifier: module.specifier,
    path: inRoot('packages', module.folder, 'dist', `${module.stem}.d.ts`),
  }));
  const program = ts.createProgram(
    modules.map(({ path }) => path),
    OPTIONS,
  );
  const checker = program.getTypeChecker();
  return modules.map(({ specifier, path }) => {
    const source = program.getSourceFile(path);
    const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(source)).map((symbol) => {
      const target = resolve(checker, symbol);
      const declarations = target.declarations ?? [];
      return { name: symbol.name, tag: tagOf(target), declarations, problems: problemsOf(checker, specifier, target) };
    });
    return { specifier, names: symbols.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  });
}

function resolve(checker, symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function tagsOf(declarations) {
  const names = declarations.flatMap((node) => ts.getJSDocTags(node)).map((tag) => tag.tagName.text);
  return [...new Set(names.filter((name) => TAGS.includes(name)))];
}

const tagOf = (symbol) => tagsOf(symbol.declarations ?? [])[0];
const strength = (tag) => TAGS.indexOf(tag);

function problemsOf(checker, specifier, symbol) {
  const tags = tagsOf(symbol.declarations ?? []);
  const what = `${specifier}: ${symbol.name}`;
  if (tags.length !== 1)
    return [`${what} has ${tags.length === 0 ? 'no tag' : `the tags ${tags.join(' and ')}`} of stability`];
  return weakerThan(checker, symbol, tags[0]).map((name) => `${what} is @${tags[0]}, but its type mentions ${name}`);
}

/** Names of qvm in the declarations of a symbol, and in those without a tag of their own that they mention, that promise less. */
function weakerThan(checker, symbol, tag) {
  const found = new Set();
  const seen = new Set([symbol]);
  const visit = (node) => {
    if (isExempt(node, tag)) return;
    if (ts.isIdentifier(node)) mention(checker.getSymbolAtLocation(node));
    ts.forEachChild(node, visit);
  };
  const mention = (mentioned) => {
    if (mentioned === undefined) return;
    const target = resolve(checker, mentioned);
    if (seen.has(target) || !isOurs(target)) return;
    seen.add(target);
    const other = tagOf(target);
    if (other === undefined) target.declarations.forEach(visit);
    else if (strength(other) < strength(tag)) found.add(`${target.name}, which is @${other}`);
  };
  symbol.declarations.forEach(visit);
  return [...found].sort();
}

/** A member with a weaker tag of its own promises no more than that; private ones promise nothing. */
function isExempt(node, tag) {
  if (!ts.isTypeElement(node) && !ts.isClassElement(node)) return false;
  const [own] = tagsOf([node]);
  return (own !== undefined && strength(own) < strength(tag)) || isPrivate(node);
}

function isPrivate(node) {
  return (
    (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0 ||
    (node.name !== undefined && ts.isPrivateIdentifier(node.name))
  );
}

/** Declared at the top of one of our modules: members and type parameters are part of what declares them. */
function isOurs({ declarations = [] }) {
  return declarations.some((node) => {
    const file = relative(root, node.getSourceFile().fileName);
    if (!file.startsWith('packages/')) return false;
    const outer = ts.isVariableDeclaration(node) ? node.parent.parent.parent : node.parent;
    return ts.isSourceFile(outer);
  });
}

/** A declaration as users compile against it, without its comments but for the tags of members that promise less. */
export function declarationText(node) {
  const statement = ts.isVariableDeclaration(node) ? node.parent.parent : node;
  const text = statement.getSourceFile().text.slice(statement.getFullStart(), statement.end);
  const comments = /\/\*\*.*?\*\/\n?/gs;
  const own = statement.jsDoc?.length ?? 0;
  let count = 0;
  const bare = text.replace(comments, (comment) => {
    const [tag] = comment.match(/@(?:beta|experimental)\b/) ?? [];
    return count++ < own || tag === undefined ? '' : `/** ${tag} */\n`;
  });
  return bare
    .replace(/import\([^)]*\)\./g, '')
    .replace(/^\s*export (?:declare )?/, '')
    .replace(/^\s*\n/gm, '')
    .trim();
}
