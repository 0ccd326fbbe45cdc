import { nameHint, show } from '@qvm/core/options';
import * as z from 'zod';
import type { FindingList } from './finding.js';
import { type JsonNode, nodeAt, toPlain } from './json-node.js';
import type { LineIndex } from './location.js';

type Issue = z.core.$ZodIssue;

/** Reports keys and JSON types that the schema does not allow, and missing keys if the whole text could be parsed. */
export function checkShape(
  schema: z.ZodObject,
  root: JsonNode,
  isWhole: boolean,
  lines: LineIndex,
  findings: FindingList,
): void {
  // `jitless`: otherwise zod tries `new Function`, which a content security policy may report.
  const result = schema.safeParse(toPlain(root), { jitless: true });
  for (const issue of result.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') reportUnknownKeys(schema, root, issue, lines, findings);
    else if (isWhole || nodeAt(root, issue.path) !== undefined) reportValue(root, issue, lines, findings);
  }
}

function reportUnknownKeys(
  schema: z.ZodObject,
  root: JsonNode,
  issue: Issue & { keys: string[] },
  lines: LineIndex,
  findings: FindingList,
): void {
  const owner = nodeAt(root, issue.path);
  if (owner?.kind !== 'object') return;
  const known = knownKeys(schema, issue.path);
  const free = known.filter((key) => !owner.members.has(key));
  for (const key of issue.keys) {
    if (findings.full) return;
    const at = lines.at(owner.members.get(key)?.keyStart ?? owner.start);
    const where = issue.path.length === 0 ? '' : ` in ${label(issue.path)}`;
    findings.error(
      at,
      'config.unknown-key',
      `unknown key ${show(key)}${where}`,
      nameHint(key, free, 'keys still free'),
    );
  }
}

function reportValue(root: JsonNode, issue: Issue, lines: LineIndex, findings: FindingList): void {
  const node = nodeAt(root, issue.path);
  if (node === undefined) {
    const owner = nodeAt(root, issue.path.slice(0, -1)) ?? root;
    const within = issue.path.length > 1 ? ` in ${label(issue.path.slice(0, -1))}` : '';
    const message = `the key "${String(issue.path.at(-1))}" is missing${within}`;
    findings.error(lines.at(owner.start), 'config.missing-key', message, `add ${issue.message}`);
    return;
  }
  const code = issue.code === 'too_small' ? 'config.missing-key' : 'config.wrong-type';
  const message = `"${label(issue.path)}" must be ${issue.message}, found ${describe(node)}`;
  findings.error(lines.at(node.start), code, message);
}

function knownKeys(schema: z.ZodObject, path: readonly PropertyKey[]): string[] {
  let current: unknown = schema;
  for (const step of path) {
    const owner = unwrapped(current);
    if (owner instanceof z.ZodArray) current = owner.element;
    else if (owner instanceof z.ZodObject) current = (owner.shape as Readonly<Record<PropertyKey, unknown>>)[step];
    else return [];
  }
  const owner = unwrapped(current);
  return owner instanceof z.ZodObject ? Object.keys(owner.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? unwrapped(schema.unwrap()) : schema;
}

/** `ram[0].size` for the path ram, 0, size. */
function label(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the configuration';
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('');
}

function describe(node: JsonNode): string {
  if (node.kind === 'string') return `the string ${show(node.value)}`;
  if (node.kind === 'number') return `the number ${node.value}`;
  if (node.kind === 'literal') return node.value === undefined ? 'null' : String(node.value);
  if (node.kind === 'array') return node.items.length === 0 ? 'an empty array' : 'an array';
  return 'an object';
}
