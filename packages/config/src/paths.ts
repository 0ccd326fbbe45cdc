import { nearestName, show } from '@qvm/core/options';
import type { FindingList } from './finding.js';
import { MAX_PATH_LENGTH } from './limits.js';
import type { SourceLocation } from './location.js';

/** Variables for `${NAME}`; only own properties are used. @experimental */
export type Environment = Readonly<Record<string, string | undefined>>;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

interface Reference {
  readonly name: string;
  /** Index after the closing brace. */
  readonly end: number;
}

function readReference(text: string, start: number): Reference | undefined {
  const close = text.indexOf('}', start);
  const name = close < 0 ? '' : text.slice(start + 2, close);
  return NAME.test(name) ? { name, end: close + 1 } : undefined;
}

function lookUp(name: string, environment: Environment, at: SourceLocation, findings: FindingList): string | undefined {
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value !== undefined) return value;
  const nearest = nearestName(name, Object.keys(environment));
  const hint = nearest === undefined ? 'set it in the environment' : `set it, or did you mean "\${${nearest}}"?`;
  findings.error(at, 'config.unknown-variable', `the environment has no variable ${show(name)}`, hint);
  return undefined;
}

/**
 * Replaces each `${NAME}` by its value and `$$` by one dollar sign; other dollar signs are kept. Inserted values are
 * not expanded again. Reports errors and returns `undefined`. Without an environment, the text is not changed.
 */
export function expandVariables(
  text: string,
  environment: Environment | undefined,
  at: SourceLocation,
  findings: FindingList,
): string | undefined {
  if (environment === undefined) return text;
  let result = '';
  let position = 0;
  let complete = true;
  for (let dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', position)) {
    result += text.slice(position, dollar);
    position = dollar + 1;
    const next = text[position];
    if (next === '{') {
      const reference = readReference(text, dollar);
      if (reference === undefined) {
        findings.error(
          at,
          'config.bad-expansion',
          `bad expansion in ${show(text)}`,
          'write ${NAME}, or $$ for a dollar',
        );
        return undefined;
      }
      const value = lookUp(reference.name, environment, at, findings);
      complete &&= value !== undefined;
      result += value ?? '';
      position = reference.end;
    } else {
      result += '$';
      if (next === '$') position++;
    }
    if (result.length > MAX_PATH_LENGTH || findings.full) break;
  }
  result += text.slice(position);
  if (!complete) return undefined;
  if (result.length <= MAX_PATH_LENGTH) return result;
  findings.error(at, 'config.bad-path', `the text has more than ${MAX_PATH_LENGTH} characters after expansion`);
  return undefined;
}
