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
 * One option of a vdev type, declared once: what a text must be, what it becomes, and what `qvm vdev help`, completion and `check`
 * say of it. Made by {@link option}.
 *
 * @typeParam V - what `resources` and `create` get; `undefined` is in it when the option may be absent.
 * @experimental
 */
export interface Option<V = unknown> {
  /** Of a single value, also where the option may be repeated. */
  readonly kind: OptionKind<unknown>;
  readonly description: string;
  readonly required: boolean;
  /** It may be given several times: its value is an array, empty when it is absent and has no default. */
  readonly repeatable: boolean;
  /** The single value when the option is absent. */
  readonly default: unknown;
  /** Further names, which mean the same. */
  readonly aliases: readonly string[];
  /** Reads a single value. Never throws. */
  read(text: string, place: OptionPlace): OptionResult<unknown>;
  /** Type only: never present at run time. */
  readonly __value?: V;
}

/**
 * Properties of an option, besides its kind.
 *
 * @typeParam T - a single value.
 * @experimental
 */
export interface OptionProperties<T> {
  /** A sentence without its full stop, for people who write configurations. */
  readonly description: string;
  readonly required?: boolean;
  readonly repeatable?: boolean;
  readonly default?: T;
  readonly aliases?: readonly string[];
  /** What is wrong with a value that the kind allows; `undefined` when nothing is. */
  readonly check?: (value: T) => string | undefined;
}

/**
 * What an option with these properties becomes.
 *
 * @experimental
 */
export type ValueOf<T, P> = P extends { readonly repeatable: true }
  ? readonly T[]
  : P extends { readonly required: true } | { readonly default: T }
    ? T
    : T | undefined;

/**
 * Options by name.
 *
 * @experimental
 */
export type OptionDeclarations = Readonly<Record<string, Option>>;

/**
 * The values of declared options: what each text became.
 *
 * @experimental
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
 * Declares options. `check`, `default` and what the vdev gets have the type that the kind reads.
 *
 * ```ts
 * const options = defineOptions({
 *   hostdev: option.character({ description: 'Where characters go', default: 'stdio' }),
 *   mode: option.enum(['fast', 'exact'], { description: 'How it counts', default: 'exact' }),
 *   mac: option.mac({ description: 'Address of the station' }),
 * });
 * type Options = OptionsOf<typeof options>; // { hostdev: string; mode: 'fast' | 'exact'; mac: Uint8Array | undefined }
 * ```
 *
 * @throws `QvmError` `vdev.declaration` for a default that the option would refuse, or that is never used.
 * @experimental
 */
export const option = {
  /** Values of any kind, such as one of the plugin's own. */
  of: declare,
  /** Any text, of at most `max` characters. */
  string: <const P extends OptionProperties<string> & { readonly max?: number }>(properties: P) =>
    declare<string, P>(stringKind(properties.max), properties),
  /** What a character back end is opened with: `stdio`, `file:PATH` and so on. */
  character: <const P extends OptionProperties<string>>(properties: P) => declare<string, P>(characterKind, properties),
  /** A path of the host, resolved against the folder of the configuration. */
  path: <const P extends OptionProperties<string>>(properties: P) => declare<string, P>(pathKind, properties),
  /** A whole number, decimal or `0x…`. */
  number: <const P extends OptionProperties<number> & NumberBounds>(properties: P) =>
    declare<number, P>(numberKind(properties), properties),
  /** A guest-physical address. */
  address: <const P extends OptionProperties<number> & NumberBounds>(properties: P) =>
    declare<number, P>(addressKind(properties), properties),
  /** Bytes, with a suffix K, M, G or T where wanted. */
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
 * Options of a vdev type, by name, with the type of each.
 *
 * @experimental
 */
export function defineOptions<const D extends OptionDeclarations>(declarations: D): D {
  return declarations;
}
