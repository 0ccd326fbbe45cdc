import { QvmError } from '../errors/qvm-error.js';
import {
  addressKind,
  booleanKind,
  characterKind,
  enumKind,
  macKind,
  type NumberBounds,
  numberKind,
  pathKind,
  sizeKind,
  stringKind,
} from './kinds.js';
import type { OptionKind, OptionPlace, OptionResult } from './option-kind.js';

/**
 * One option of a vdev type, declared once: its valid texts, the type of its value, and its description for `qvm vdev
 * help`, completion and `check`. Made by {@link option}.
 *
 * @typeParam V - type of the value for `resources` and `create`; includes `undefined` when the option may be absent.
 * @stable
 */
export interface Option<V = unknown> {
  /** Kind of a single value, also of a repeatable option. */
  readonly kind: OptionKind<unknown>;
  /** A sentence without its full stop, for people who write configurations. */
  readonly description: string;
  /** Whether a configuration must give it. */
  readonly required: boolean;
  /** Whether it may be given several times. Its value is then an array, empty when it is absent and has no default. */
  readonly repeatable: boolean;
  /** The single value of an absent option. */
  readonly default: unknown;
  /** Alternative names. */
  readonly aliases: readonly string[];
  /** Parses a single value. Never throws. */
  read(text: string, place: OptionPlace): OptionResult<unknown>;
  /** Type only: never present at run time. */
  readonly __value?: V;
}

/**
 * Properties of an option, besides its kind.
 *
 * @typeParam T - a single value.
 * @stable
 */
export interface OptionProperties<T> {
  /** A sentence without its full stop, for people who write configurations. */
  readonly description: string;
  /** Whether a configuration must give it. Default `false`. */
  readonly required?: boolean;
  /** Whether it may be given several times. Default `false`. */
  readonly repeatable?: boolean;
  /** Value when the option is absent. The option cannot be required then. */
  readonly default?: T;
  /** Alternative names. Default: none. */
  readonly aliases?: readonly string[];
  /** Describes the problem of a value that the kind accepts but the option does not; `undefined` for a valid value. */
  readonly check?: (value: T) => string | undefined;
}

/**
 * Type of the value of an option with these properties.
 *
 * @stable
 */
export type ValueOf<T, P> = P extends {
  /** It may be given several times. */
  readonly repeatable: true;
}
  ? readonly T[]
  : P extends
        | {
            /** It is always given. */
            readonly required: true;
          }
        | {
            /** It has a value also when it is absent. */
            readonly default: T;
          }
    ? T
    : T | undefined;

/**
 * Options by name.
 *
 * @stable
 */
export type OptionDeclarations = Readonly<Record<string, Option>>;

/**
 * The parsed values of declared options.
 *
 * @stable
 */
export type OptionsOf<D extends OptionDeclarations> = {
  readonly [K in keyof D]: D[K] extends Option<infer V> ? V : never;
};

function declare<T, const P extends OptionProperties<T>>(kind: OptionKind<T>, properties: P): Option<ValueOf<T, P>> {
  const { description, required = false, repeatable = false, default: absent, aliases = [], check } = properties;
  const read = (text: string, place: OptionPlace): OptionResult<T> => {
    const result = kind.parse(text, place);
    const problem = result.ok ? check?.(result.value) : undefined;
    return problem === undefined ? result : { ok: false, message: problem };
  };
  if (absent !== undefined) {
    const result = required ? { ok: false, message: 'it is required' } : read(kind.format(absent), {});
    if (!result.ok) throw new QvmError('vdev.declaration', `An option (${description}) cannot have its default.`);
  }
  return { kind, description, required, repeatable, default: absent, aliases, read };
}

/**
 * Declares options. The types of `check`, `default` and the vdev's value follow from the kind.
 *
 * ```ts
 * const options = defineOptions({
 *   hostdev: option.character({ description: 'Back end of the console', default: 'stdio' }),
 *   mode: option.enum(['fast', 'exact'], { description: 'How it counts', default: 'exact' }),
 *   mac: option.mac({ description: 'Address of the station' }),
 * });
 * type Options = OptionsOf<typeof options>; // { hostdev: string; mode: 'fast' | 'exact'; mac: Uint8Array | undefined }
 * ```
 *
 * @throws `QvmError` `vdev.declaration` for a default that the option would refuse, or that can never apply.
 * @stable
 */
export const option = {
  /** A value of the given kind, such as a plugin's own. */
  of: declare,
  /** Any text, of at most `max` characters. */
  string: <
    const P extends OptionProperties<string> & {
      /** Longest text in characters. Default: no limit. */
      readonly max?: number;
    },
  >(
    properties: P,
  ) => declare<string, P>(stringKind(properties.max), properties),
  /** A designator of a character back end: `stdio`, `file:PATH` and so on. */
  character: <const P extends OptionProperties<string>>(properties: P) => declare<string, P>(characterKind, properties),
  /** A path of the host, resolved against the folder of the configuration. */
  path: <const P extends OptionProperties<string>>(properties: P) => declare<string, P>(pathKind, properties),
  /** A whole number, decimal or `0x…`. */
  number: <const P extends OptionProperties<number> & NumberBounds>(properties: P) =>
    declare<number, P>(numberKind(properties), properties),
  /** A guest-physical address. */
  address: <const P extends OptionProperties<number> & NumberBounds>(properties: P) =>
    declare<number, P>(addressKind(properties), properties),
  /** A number of bytes, with an optional suffix K, M, G or T. */
  size: <const P extends OptionProperties<number> & NumberBounds>(properties: P) =>
    declare<number, P>(sizeKind(properties), properties),
  /** True or false; the name alone stands for true. */
  boolean: <const P extends OptionProperties<boolean>>(properties: P) => declare<boolean, P>(booleanKind, properties),
  /** One of several words. */
  enum: <const W extends readonly string[], const P extends OptionProperties<W[number]>>(words: W, properties: P) =>
    declare<W[number], P>(enumKind<W[number]>(words), properties),
  /** The MAC address of one station, as its six bytes. */
  mac: <const P extends OptionProperties<Uint8Array>>(properties: P) => declare<Uint8Array, P>(macKind, properties),
};

/**
 * Declares the options of a vdev type, by name, with the type of each.
 *
 * @stable
 */
export function defineOptions<const D extends OptionDeclarations>(declarations: D): D {
  return declarations;
}
