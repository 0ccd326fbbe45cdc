import type { Located, SourceLocation } from './location.js';
import type { OptionSetting } from './spec.js';

/** A quantity as written: a text with prefix and suffix, or a number. */
export type Quantity = Located<string | number>;

export interface RamDraft {
  readonly at: SourceLocation;
  readonly base: Quantity | undefined;
  readonly size: Quantity | undefined;
}

export interface VdevDraft {
  readonly at: SourceLocation;
  readonly type: Located<string> | undefined;
  /** Place of the options as a whole, when there is one. */
  readonly configAt: SourceLocation | undefined;
  readonly options: readonly OptionSetting[];
}

/**
 * What a front end has read: values where they have the right type, not yet checked for their meaning. This is the
 * border between the syntaxes of the language and its semantics, which `buildSpec` holds. A required value that is
 * `undefined` here has been reported by the front end.
 */
export interface VmDraft {
  readonly at: SourceLocation;
  readonly name: Located<string> | undefined;
  readonly arch: Located<string> | undefined;
  readonly image: Located<string> | undefined;
  readonly dtb: Located<string> | undefined;
  readonly initrd: Located<string> | undefined;
  readonly cmdline: Located<string> | undefined;
  readonly cpus: Located<number> | undefined;
  readonly cpulist: Located<string> | undefined;
  readonly priority: Located<number> | undefined;
  readonly ramAt: SourceLocation | undefined;
  readonly ram: readonly RamDraft[];
  readonly vdevAt: SourceLocation | undefined;
  readonly vdevs: readonly VdevDraft[];
}
