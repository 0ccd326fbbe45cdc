import type { Located, SourceLocation } from './location.js';
import type { OptionSetting } from './spec.js';

/** A quantity as written: a text with prefix and suffix, or a number. */
export type Quantity = Located<string | number>;

/** A region of RAM or ROM; both kinds are in one list, because a region without a base follows those before it. */
export interface RegionDraft {
  readonly kind: 'ram' | 'rom';
  readonly at: SourceLocation;
  readonly base: Quantity | undefined;
  readonly size: Quantity | undefined;
}

export interface LoadDraft {
  readonly at: SourceLocation;
  readonly address: Quantity | undefined;
  readonly file: Located<string> | undefined;
}

export interface CpuDraft {
  readonly at: SourceLocation;
  readonly runmask: Located<string> | undefined;
  readonly sched: Located<string> | undefined;
}

export interface ReserveDraft {
  readonly at: SourceLocation;
  readonly base: Quantity | undefined;
  readonly size: Quantity | undefined;
  readonly irq: Located<number> | undefined;
}

/** A name and its value, such as `set NAME VALUE`. */
export interface PairDraft {
  readonly name: Located<string>;
  readonly value: Located<string>;
}

export interface VdevDraft {
  readonly at: SourceLocation;
  readonly type: Located<string> | undefined;
  /** Location of all options together, if there is one. */
  readonly configAt: SourceLocation | undefined;
  readonly options: readonly OptionSetting[];
}

/** A list in a draft, with the location of the whole list. */
export interface ListDraft<T> {
  readonly at: SourceLocation;
  readonly items: readonly T[];
}

/**
 * Result of a front end: values of the right type that have not been validated. It separates the syntaxes of the
 * language from its semantics, which `buildFragment` implements. `undefined` stands for fields that the text does not
 * have or that the front end has reported.
 */
export interface VmDraft {
  readonly at: SourceLocation;
  readonly name?: Located<string> | undefined;
  readonly arch?: Located<string> | undefined;
  readonly board?: Located<string> | undefined;
  readonly cpumodel?: Located<string> | undefined;
  readonly image?: Located<string> | undefined;
  readonly entry?: Located<string> | undefined;
  readonly dtb?: Located<string> | undefined;
  readonly initrd?: Located<string> | undefined;
  readonly cmdline?: Located<string> | undefined;
  readonly cpus?: Located<number> | undefined;
  readonly cpulist?: Located<string> | undefined;
  readonly priority?: Located<number> | undefined;
  readonly cpu?: ListDraft<CpuDraft> | undefined;
  readonly ramAt?: SourceLocation | undefined;
  readonly romAt?: SourceLocation | undefined;
  readonly regions: readonly RegionDraft[];
  readonly load?: ListDraft<LoadDraft> | undefined;
  readonly reserve?: ListDraft<ReserveDraft> | undefined;
  readonly logger?: ListDraft<Located<string>> | undefined;
  readonly unsupported?: ListDraft<PairDraft> | undefined;
  readonly dump?: Located<string> | undefined;
  readonly set?: ListDraft<PairDraft> | undefined;
  readonly restart?: Located<string> | undefined;
  readonly dryrun?: Located<boolean> | undefined;
  readonly vdev?: ListDraft<VdevDraft> | undefined;
}
