import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';

/** Largest length of a name: npm's limit is 214, but identifiers made from a name must be readable. */
const LONGEST_NAME = 64;
/**
 * `@scope/name` or `name` in words of lower-case letters and digits. npm allows more names, but identifiers and device
 * trees do not.
 */
const PACKAGE_NAME = /^(?:@([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\/)?([a-z][a-z0-9]*(?:-[a-z0-9]+)*)$/;
/** The vendor in a device tree's `compatible`, for a package without a scope. */
const NO_VENDOR = 'local';
/** Prefixes of package names that are not part of the device's name. */
const PREFIX = /^(?:qvm-)?(?:vdev-)?(?=[a-z])/;

/** The names in a new package for a vdev. */
export interface VdevPackageName {
  /** `@acme/vdev-dew-point` */
  readonly package: string;
  /** `acme`; `local` without a scope. */
  readonly vendor: string;
  /**
   * The option that `qvm start` needs to find the package: empty with a scope, because the type then names it,
   * otherwise ` --plugin NAME`.
   */
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
 * Splits a package's name. Without a scope, configurations can use it as a vdev type only together with `--plugin
 * NAME`.
 *
 * @throws CliError for a name from which no identifiers can be made.
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
