import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';

/** npm's limit is 214; identifiers made from a name shall stay readable. */
const LONGEST_NAME = 64;
/** `@scope/name` or `name` in words of lower-case letters and digits. npm allows more, identifiers and device trees do not. */
const PACKAGE_NAME = /^(?:@([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\/)?([a-z][a-z0-9]*(?:-[a-z0-9]+)*)$/;
/** The vendor in a device tree's `compatible`, for a package without a scope. */
const NO_VENDOR = 'local';
/** What the names of such packages begin with, and what says nothing about the device. */
const PREFIX = /^(?:qvm-)?(?:vdev-)?(?=[a-z])/;

/** The names that a new package of a vdev has. */
export interface VdevPackageName {
  /** `@acme/vdev-dew-point` */
  readonly package: string;
  /** `acme`; `local` without a scope. */
  readonly vendor: string;
  /** What a start needs to find the package: nothing with a scope, since then the type says it, else ` --plugin NAME`. */
  readonly plugin: string;
  /** `vdev-dew-point` */
  readonly folder: string;
  /** `dew-point` */
  readonly name: string;
  /** `DewPoint` */
  readonly Class: string;
  /** `dewPoint` */
  readonly camel: string;
}

/**
 * Takes a package's name apart. Without a scope, configurations use it as a vdev type only together with `--plugin NAME`.
 *
 * @throws CliError for a name that identifiers cannot be made from.
 */
export function readVdevPackageName(text: string): VdevPackageName {
  const [, scope, folder] = text.length > LONGEST_NAME ? [] : (PACKAGE_NAME.exec(text) ?? []);
  if (folder === undefined) {
    const rule = `@SCOPE/NAME or NAME in lower-case letters, digits and hyphens, at most ${LONGEST_NAME} characters`;
    throw new CliError(`"${text}" cannot be the name of a vdev's package; it is to be ${rule}`, CliExitCode.Usage);
  }
  const name = folder.replace(PREFIX, '');
  const Class = name.split('-').map(capitalised).join('');
  const vendor = scope ?? NO_VENDOR;
  const plugin = scope === undefined ? ` --plugin ${text}` : '';
  return { package: text, vendor, plugin, folder, name, Class, camel: Class.charAt(0).toLowerCase() + Class.slice(1) };
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
