import { QvmError } from '@qvm/core';
import type { Option, OptionDeclarations, OptionsOf } from '@qvm/core/options';

/**
 * Option values for tests: texts as in a configuration (`base=0x1000`, `size=64K`, `enabled=on`), or parsed values.
 *
 * @experimental
 */
export type GivenOptions = Readonly<Record<string, unknown>>;

/**
 * Parses options according to their declarations, and fills in defaults.
 *
 * @throws QvmError `vdev.option` for an unknown, missing or invalid option.
 * @experimental
 */
export function parseOptions<D extends OptionDeclarations>(declarations: D, given: GivenOptions = {}): OptionsOf<D> {
  const declared = Object.entries(declarations);
  const names = declared.flatMap(([name, { aliases }]) => [name, ...aliases]);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw optionError(unknown, `is unknown; known are ${names.join(', ') || 'none'}`);
  }
  const values = declared.map(
    ([name, option]) => [name, parseOption(name, option, givenBy([name, ...option.aliases], given))] as const,
  );
  // Each value was parsed by its declaration, so the types match.
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as OptionsOf<D>;
}

/** The value that is given under one of an option's names. */
function givenBy(names: readonly string[], given: GivenOptions): unknown {
  const used = names.filter((name) => given[name] !== undefined);
  if (used.length > 1) throw optionError(used.join(' and '), 'are one option, and may be given only once');
  return given[used[0] ?? ''];
}

function parseOption(name: string, option: Option, given: unknown): unknown {
  const { repeatable, required } = option;
  if (given === undefined) {
    if (required) throw optionError(name, 'is required');
    if (option.default !== undefined) return repeatable ? [option.default] : option.default;
    return repeatable ? [] : undefined;
  }
  if (repeatable) return (Array.isArray(given) ? given : [given]).map((value) => parseSingle(name, option, value));
  if (Array.isArray(given)) throw optionError(name, 'may be given only once');
  return parseSingle(name, option, given);
}

function parseSingle(name: string, option: Option, given: unknown): unknown {
  const result = option.read(typeof given === 'string' ? given : textOf(name, option, given), {});
  if (result.ok) return result.value;
  throw optionError(name, `has the unfit value ${String(given)}: ${result.message}`);
}

/** Formats a value, which may be of a wrong type that the kind cannot format. */
function textOf(name: string, { kind }: Option, given: unknown): string {
  try {
    return String(kind.format(given));
  } catch {
    throw optionError(name, `has the unfit value ${String(given)}`);
  }
}

function optionError(name: string, problem: string): QvmError {
  return new QvmError('vdev.option', `option ${name} ${problem}`);
}
