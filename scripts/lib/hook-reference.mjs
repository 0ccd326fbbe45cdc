import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { Failure } from './failure.mjs';
import { inRoot } from './root.mjs';

const OWNERS = [
  { name: 'VmHooks', file: 'vm-hooks.ts', title: 'Hooks of a VM' },
  { name: 'VcpuHooks', file: 'vcpu-hooks.ts', title: 'Hooks of a vCPU' },
];

/** The parts of a hook's doc comment, in this order. */
const FIELDS = ['Fires', 'Return', 'A tap may not', 'Order', 'Cost'];

/** `docs/hooks.md`, made from the doc comments of the hooks and the kinds of the architectures. Throws a {@link Failure} for a comment that lacks a field. */
export async function hookReference() {
  const owners = OWNERS.map((owner) => ({ ...owner, source: parse(owner.file) }));
  const used = new Set();
  const sections = owners.map((owner) => ownerSection(owner, used));
  const events = owners.flatMap(({ source }) => eventSections(source, used));
  return `${INTRODUCTION}\n${sections.join('\n')}\n${await kindSections()}\n## Events and answers\n\n${events.join('\n')}`;
}

const INTRODUCTION = `# Hooks

<!-- Made by "npm run docs:hooks" from the doc comments in packages/core/src/hooks. Change them there. -->

Hooks let a host or a plugin watch a VM and take part in what it does. Every VM and every vCPU has its own; nothing is
global. A tap has a name (the plugin's), which errors and traces show, and a stage that gives its place among the others:

| stage | for |
|---|---|
| \`STAGE_OBSERVE\` | those that only watch, before anyone answers |
| \`STAGE_OVERRIDE\` | those that answer in place of others |
| \`STAGE_DEFAULT\` | everyone else |
| \`STAGE_FALLBACK\` | those that answer when nobody did |

\`\`\`ts
vm.hooks.stateChanged.tap('my-plugin', ({ from, to }) => console.log(from, to));
vm.vcpus[0]?.hooks.trap.for('svc').tap({ name: 'my-plugin', stage: STAGE_OVERRIDE }, ({ immediate }) =>
  immediate === 42 ? 'handled' : undefined,
);
\`\`\`

If a hook says so, the argument of a tap is valid only during the call: copy the values that you keep. \`tap\` returns a
\`Disposable\` that takes the tap out again. The kinds are tapable's: a *bail* hook asks one tap after the other until one
answers, a *waterfall* hook passes a value through all of them, an *async series* hook awaits one after the other. So are \`before\`,
\`withOptions\`, \`isUsed\` and \`intercept\`. No code is generated from strings ([0024](decisions/0024-hooks.md)).
`;

/** Titles of the parts of `HookKinds`. */
const KINDS = {
  trap: 'Kinds of `trap`',
  guestExit: 'Causes of `guestExit` and `guestEntrance`',
  interruptTaken: 'Kinds of `interruptTaken`',
};

/** The words that each architecture declares. */
async function kindSections() {
  const [{ aarch64 }, { x86_64 }] = await Promise.all([import('@qvm/arch-aarch64'), import('@qvm/arch-x86_64')]);
  const sections = [aarch64, x86_64].map(({ name, hookKinds }) => {
    const tables = Object.entries(KINDS).map(([part, title]) => {
      const rows = Object.entries(hookKinds[part]).map(([kind, text]) => `| \`${kind}\` | ${text} |`);
      return `### ${title}\n\n| | |\n|---|---|\n${rows.join('\n')}\n`;
    });
    return `## Kinds of ${name}\n\n${KINDS_INTRODUCTIONS[name]}\n\n${tables.join('\n')}`;
  });
  return sections.join('\n');
}

const KINDS_INTRODUCTIONS = {
  aarch64: `An architecture declares the words that its hooks use (\`Architecture.hookKinds\`, with these descriptions); another one is an error.
\`aarch64Hooks(hooks)\` of \`@qvm/arch-aarch64\` gives the hooks of a vCPU types that know them. \`qvm hook list\` shows the same on a terminal.`,
  x86_64: `\`x86Hooks(hooks)\` of \`@qvm/arch-x86_64\` gives the hooks of a vCPU types that know them. \`syscall\` and other system calls of a guest are traps
only where hardware could trap them, too; what generated code does by itself makes no exit.`,
};

function parse(file) {
  const path = inRoot('packages', 'core', 'src', 'hooks', file);
  return ts.createSourceFile(file, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022, true);
}

function interfaceOf(source, name) {
  const found = source.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name);
  if (found === undefined) throw new Failure(`${source.fileName} has no interface ${name}.`);
  return found;
}

function ownerSection({ name, title, source }, used) {
  const owner = interfaceOf(source, name);
  const hooks = owner.members.map((member) => hookSection(name, member, source, used));
  return `## ${title}\n\n${commentOf(owner)}\n\n${hooks.join('\n')}`;
}

function hookSection(owner, member, source, used) {
  const name = member.name.getText(source);
  const comment = commentOf(member);
  const values = FIELDS.map((field) => [field, fieldOf(comment, field, `${owner}.${name}`)]);
  const type = member.type.getText(source).replace(/\s+/g, ' ');
  for (const [word] of type.matchAll(/\b[A-Z]\w+/g)) used.add(word);
  const rows = [['Type', `\`${type.replaceAll('|', '\\|')}\``], ...values];
  return `### \`${owner}.${name}\`\n\n| | |\n|---|---|\n${rows.map(([field, text]) => `| ${field} | ${text} |`).join('\n')}\n`;
}

function fieldOf(comment, field, hook) {
  const lines = comment.split('\n');
  const begin = lines.findIndex((line) => line.startsWith(`${field}: `));
  if (begin < 0) throw new Failure(`The doc comment of ${hook} does not say "${field}: …".`);
  const after = lines.findIndex(
    (line, index) => index > begin && FIELDS.some((other) => line.startsWith(`${other}: `)),
  );
  const text = lines.slice(begin, after < 0 ? undefined : after).join(' ');
  return text.slice(field.length + 2).replaceAll('|', '\\|');
}

/** The events that hooks speak of, and what those speak of in turn. */
function eventSections(source, used) {
  const sections = [];
  for (const node of source.statements) {
    if (!ts.isInterfaceDeclaration(node) && !ts.isTypeAliasDeclaration(node)) continue;
    if (!used.has(node.name.text) || OWNERS.some(({ name }) => name === node.name.text)) continue;
    sections.push(eventSection(node, source));
  }
  return sections;
}

function eventSection(node, source) {
  const head = `### \`${node.name.text}\`\n\n${commentOf(node)}\n`;
  if (ts.isTypeAliasDeclaration(node))
    return `${head}\n\`\`\`ts\n${node.getText(source).replace(/^export /, '')}\n\`\`\`\n`;
  const inherited =
    node.heritageClauses?.map(
      (clause) => `Also has what ${clause.types.map((t) => `\`${t.getText(source)}\``).join(', ')} has.\n`,
    ) ?? [];
  const rows = node.members.map((member) => {
    const type = member.type.getText(source).replaceAll('|', '\\|');
    return `| \`${member.name.getText(source)}\` | \`${type}\` | ${commentOf(member).replaceAll('\n', ' ')} |`;
  });
  return `${head}\n${inherited.map((line) => `${line}\n`).join('')}| field | type | |\n|---|---|---|\n${rows.join('\n')}\n`;
}

/** The text of a node's doc comment, without tags and with links as code; TypeScript leaves the asterisk of a line that begins within one. */
function commentOf(node) {
  const [doc] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).slice(-1);
  const text = ts.getTextOfJSDocComment(doc?.comment) ?? '';
  return text.replace(/\{@link[\s*]+([\w.]+)\}/g, '`$1`').trim();
}
