import { nameHint, parseSize, show } from '@qvm/core/options';
import type { FindingList } from './finding.js';
import type { SourceLocation } from './location.js';
import { isBooleanWord } from '@qvm/core/options';

type VariableType = 'boolean' | 'number' | 'address' | 'string';

/** The variables of `set` with their types. None of them has an effect on the engine yet. */
const VARIABLES: ReadonlyMap<string, VariableType> = new Map([
  ['counter-offset', 'number'],
  ['debug', 'boolean'],
  ['exit-on-halt', 'boolean'],
  ['fdt-dump-file', 'string'],
  ['gic-hwassist', 'boolean'],
  ['grow-heap', 'number'],
  ['host-paddr-gicd', 'address'],
  ['host-paddr-gich', 'address'],
  ['message-block-timeout', 'number'],
  ['slog-buffer', 'number'],
  ['vdev-message-block-timeout', 'number'],
]);

/** Checks `set NAME VALUE`; reports errors and returns false. */
export function checkVariable(name: string, value: string, at: SourceLocation, findings: FindingList): boolean {
  const type = VARIABLES.get(name);
  if (type === undefined) {
    const hint = nameHint(name, [...VARIABLES.keys()], 'variables');
    findings.error(at, 'config.unknown-setting', `there is no variable ${show(name)} to set`, hint);
    return false;
  }
  const problem = problemOf(type, value);
  if (problem !== undefined) {
    findings.error(at, 'config.bad-setting', `the variable "${name}" cannot be ${show(value)}`, problem);
    return false;
  }
  findings.info(at, 'config.no-effect', `the variable "${name}" is kept, and has no effect in this version`);
  return true;
}

function problemOf(type: VariableType, value: string): string | undefined {
  if (type === 'string') return value === '' ? 'it must not be empty' : undefined;
  if (type === 'boolean') return isBooleanWord(value) ? undefined : 'write 1/0, yes/no, on/off or true/false';
  // All ones in 64 bits is the documented default of counter-offset and exceeds the numbers of the language.
  if (/^0x[0-9a-f]{1,16}$/i.test(value)) return undefined;
  const result = parseSize(value);
  return result.ok ? undefined : result.hint;
}
