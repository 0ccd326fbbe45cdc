import { QvmError } from '@qvm/core';
import { optionNamed, optionNames, readOptions } from '@qvm/core/options';
import type { OptionDeclarations, OptionFault, OptionsOf, OptionText } from '@qvm/core/options';

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
  const texts = Object.entries(given).flatMap(([name, value]) => textsOf(declarations, name, value));
  return readOptions(declarations, texts, {}, (fault) => {
    if (fault.kind !== 'ambiguous') throw new QvmError('vdev.option', `option ${problemOf(fault, declarations)}`);
  });
}

/** A value as the texts of a configuration: an array is an option that is given several times. */
function textsOf(declarations: OptionDeclarations, name: string, value: unknown): readonly OptionText[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => textsOf(declarations, name, item));
  if (typeof value === 'string') return [{ name, value }];
  const kind = optionNamed(declarations, name)?.option.kind;
  try {
    return [{ name, value: kind === undefined ? String(value) : String(kind.format(value)) }];
  } catch {
    // The kind cannot format a value of a wrong type.
    throw new QvmError('vdev.option', `option ${name} has the unfit value ${String(value)}`);
  }
}

function problemOf(
  fault: Exclude<OptionFault, { readonly kind: 'ambiguous' }>,
  declarations: OptionDeclarations,
): string {
  if (fault.kind === 'missing') return `${fault.name} is required`;
  const { name, value = '' } = fault.text;
  switch (fault.kind) {
    case 'unknown':
      return `${name} is unknown; known are ${optionNames(declarations).join(', ') || 'none'}`;
    case 'repeated':
      return `${name} may be given only once`;
    case 'bare':
      return `${name} needs a value`;
    case 'invalid':
      return `${name} has the unfit value ${value}: ${fault.message}`;
  }
}
