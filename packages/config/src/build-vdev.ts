import { show } from '@qvm/core/options';
import type { BuildContext } from './build-context.js';
import type { VdevDraft } from './draft.js';
import type { SourceLocation } from './location.js';
import { expandVariables } from './paths.js';
import { dropUndefined } from './record.js';
import type { OptionSetting, VdevSpec } from './spec.js';

// `qvm-vdev-` is the long form in JSON files; `vdev-` and `.so` are those of QNX's shared objects.
const AFFIXES = /^(?:qvm-vdev-|vdev-)|\.so$/g;
// A plain type, or a scoped package name that npm allows.
const TYPE = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,63}|@[a-z0-9][a-z0-9._-]{0,99}\/[a-z0-9][a-z0-9._-]{0,99})$/;

/** The vdev type that a word names, without the affixes of file names. */
export function plainType(word: string): string {
  return word.includes('/') ? word : word.replace(AFFIXES, '');
}

/** Checks a vdev's type and expands the values of its options. */
export function buildVdev(draft: VdevDraft, context: BuildContext): VdevSpec | undefined {
  if (context.findings.full) return undefined;
  const options = draft.options.flatMap((option) => expandOption(option, draft.at, context) ?? []);
  if (draft.type === undefined) return undefined;
  const { value, at } = draft.type;
  const type = plainType(value);
  if (!TYPE.test(type)) {
    const hint = 'right would be "pl011" or "@acme/vdev-x"';
    context.findings.error(at, 'config.bad-vdev-type', `${show(value)} is not a vdev type`, hint);
    return undefined;
  }
  const fields = dropUndefined({ type: at, config: draft.configAt });
  return { type, options, source: { at: draft.at, fields } };
}

// Values are expanded after splitting, so that commas and quotes in a variable never become syntax.
function expandOption(option: OptionSetting, owner: SourceLocation, context: BuildContext): OptionSetting | undefined {
  if (option.value === undefined || context.findings.full) return option;
  const at = option.valueAt ?? option.at ?? owner;
  const value = expandVariables(option.value, context.environment, at, context.findings);
  return value === undefined ? undefined : { ...option, value };
}
