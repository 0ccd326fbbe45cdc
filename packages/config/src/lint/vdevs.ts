import { parseSize, resolvePath } from '@qvm/core/options';
import { type SourceLocation, sourceOf } from '../location.js';
import type { VdevSpec } from '../spec.js';
import type { LintTarget } from './lint-rule.js';

/** A vdev with its owner. */
export interface OwnedVdev {
  readonly owner: string;
  readonly vdev: VdevSpec;
  readonly baseDir: string;
}

/** A text with its location. */
export interface PlacedText {
  readonly value: string;
  readonly at: SourceLocation;
}

/** The vdevs of a type in the VMs and the host. */
export function vdevsOf({ vms, hosts }: LintTarget, type?: string): OwnedVdev[] {
  const guests = vms.flatMap(({ label, spec }) =>
    spec.vdevs.map((vdev) => ({ owner: label, vdev, baseDir: spec.baseDir })),
  );
  const host = hosts.flatMap(({ vdevs }) => vdevs.map((vdev) => ({ owner: 'the host', vdev, baseDir: '' })));
  return [...guests, ...host].filter(({ vdev }) => type === undefined || vdev.type === type);
}

/** The value of an option, by its names; of several settings, the one that has effect. */
export function optionOf(vdev: VdevSpec, ...names: readonly string[]): PlacedText | undefined {
  const setting = vdev.options.findLast(({ name, value }) => names.includes(name) && value !== undefined);
  if (setting?.value === undefined) return undefined;
  return { value: setting.value, at: setting.valueAt ?? setting.at ?? sourceOf(vdev.source) };
}

/** The value of an option as a number, by its names. */
export function numberOf(
  vdev: VdevSpec,
  ...names: readonly string[]
): { readonly value: number; readonly at: SourceLocation } | undefined {
  const text = optionOf(vdev, ...names);
  const result = text === undefined ? undefined : parseSize(text.value);
  return text === undefined || result?.ok !== true ? undefined : { value: result.value, at: text.at };
}

/** Whether a flag is set. */
export function flagOf(vdev: VdevSpec, name: string): boolean {
  const setting = vdev.options.findLast((option) => option.name === name);
  return setting !== undefined && !['0', 'no', 'off', 'false'].includes(setting.value ?? '');
}

/** The resolved path of a disk, and whether the guest may write to it. */
export function diskOf({ vdev, baseDir }: OwnedVdev): (PlacedText & { readonly writable: boolean }) | undefined {
  const file = optionOf(vdev, 'file', 'hostdev');
  if (file === undefined) return undefined;
  const readOnly = file.value.startsWith('<');
  const path = readOnly ? file.value.slice(1) : file.value;
  const writable = !readOnly && !flagOf(vdev, 'readonly') && optionOf(vdev, 'overlay') === undefined;
  return { value: resolvePath(path, vdev.baseDir ?? baseDir), at: file.at, writable };
}

/** `line 3, column 5`, with the file if it is another one. */
export function placeText(at: SourceLocation, seenFrom: SourceLocation): string {
  const place = `line ${at.line}, column ${at.column}`;
  return at.file === seenFrom.file ? place : `${at.file}, ${place}`;
}

/** Calls `clash` for each item whose key equals that of an earlier item. */
export function eachClash<T>(
  items: readonly T[],
  keyOf: (item: T) => string | undefined,
  clash: (item: T, first: T, key: string) => void,
): void {
  const firsts = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, item);
    else clash(item, first, key);
  }
}
