import { hexadecimal } from '@qvm/core';
import { type AddressResult, type NumberResult, parseAddress, parseSize, show } from '@qvm/core/options';
import type { Quantity, RegionDraft } from './draft.js';
import type { FindingList } from './finding.js';
import { ADDRESS_SPACE_END, PAGE_SIZE } from './limits.js';
import type { SourceLocation } from './location.js';
import type { RamSpec } from './spec.js';

interface Placed {
  readonly label: string;
  readonly order: number;
  readonly base: number;
  readonly end: number;
  readonly at: SourceLocation;
}

/** The regions of RAM and ROM, each kind in the order of the text. */
export interface Regions {
  readonly ram: readonly RamSpec[];
  readonly rom: readonly RamSpec[];
}

/** Reads the regions of RAM and ROM; `undefined` if one of them is invalid. */
export function buildRegions(drafts: readonly RegionDraft[], findings: FindingList): Regions | undefined {
  const regions: Record<'ram' | 'rom', RamSpec[]> = { ram: [], rom: [] };
  const counts = { ram: 0, rom: 0 };
  const placed: Placed[] = [];
  let complete = true;
  for (const [order, draft] of drafts.entries()) {
    if (findings.full) return undefined;
    const label = `${draft.kind}[${counts[draft.kind]++}]`;
    const region = buildRegion(draft, label, followingBase(placed, order), findings);
    if (region === undefined) {
      complete = false;
      continue;
    }
    regions[draft.kind].push(region);
    const { base, size } = region;
    if (base !== undefined) placed.push({ label, order, base, end: base + size, at: draft.at });
  }
  reportOverlaps(placed, findings);
  return complete ? regions : undefined;
}

function buildRegion(
  draft: RegionDraft,
  label: string,
  following: number | undefined,
  findings: FindingList,
): RamSpec | undefined {
  const size = readSize(draft.size, findings);
  const base = draft.base === undefined ? following : readBase(draft.base, findings);
  if (size === undefined || (draft.base !== undefined && base === undefined)) return undefined;
  const end = (base ?? 0) + size;
  if (end > ADDRESS_SPACE_END) {
    const message = `${label} ends at ${hexadecimal(end)}, beyond the 48-bit address space`;
    findings.error(draft.size?.at ?? draft.at, 'config.ram-range', message);
    return undefined;
  }
  if (base === undefined && draft.kind === 'rom') {
    findings.error(draft.at, 'config.missing-address', `${label} has no known place`, 'say where it begins');
    return undefined;
  }
  return { ...(base === undefined ? {} : { base }), size, source: sourcesOf(draft) };
}

/** Directly after the highest region so far, if all previous ones have an address; otherwise the board chooses. */
function followingBase(placed: readonly Placed[], order: number): number | undefined {
  if (order === 0 || placed.length !== order) return undefined;
  return placed.reduce((highest, region) => Math.max(highest, region.end), 0);
}

/** Parses a quantity that is written as a text or as a number. */
export function readQuantity<R extends NumberResult | AddressResult>(
  value: string | number,
  parse: (text: string) => R,
): R | NumberResult {
  if (typeof value === 'string') return parse(value);
  if (!Number.isSafeInteger(value))
    return { ok: false, message: `${value} is not a whole number`, hint: 'count in bytes' };
  if (value < 0) return { ok: false, message: `${value} is negative`, hint: 'it must not be' };
  return { ok: true, value };
}

function readSize(quantity: Quantity | undefined, findings: FindingList): number | undefined {
  if (quantity === undefined) return undefined;
  const { value, at } = quantity;
  const result = readQuantity(value, parseSize);
  if (!result.ok) findings.error(at, 'config.bad-size', result.message, result.hint);
  else if (result.value === 0) findings.error(at, 'config.bad-size', 'a region of no bytes', 'right would be "256M"');
  else if (isAligned('size', result.value, at, findings)) return result.value;
  return undefined;
}

function readBase(quantity: Quantity, findings: FindingList): number | undefined {
  const { value, at } = quantity;
  const result = readQuantity(value, parseAddress);
  if (!result.ok) {
    findings.error(at, 'config.bad-address', result.message, result.hint);
    return undefined;
  }
  if ('ambiguous' in result && result.ambiguous) warnAmbiguous(String(value), at, findings);
  return isAligned('base', result.value, at, findings) ? result.value : undefined;
}

/** Warns about an address whose base is not visible. */
export function warnAmbiguous(text: string, at: SourceLocation, findings: FindingList): void {
  const message = `the address ${show(text)} is read as decimal`;
  findings.warning(at, 'config.ambiguous-address', message, `write "0x${text}" or "0d${text}" to say which is meant`);
}

function isAligned(what: string, value: number, at: SourceLocation, findings: FindingList): boolean {
  const rest = value % PAGE_SIZE;
  if (rest === 0) return true;
  const below = value - rest;
  const near =
    what === 'size' && below === 0
      ? hexadecimal(PAGE_SIZE)
      : `${hexadecimal(below)} or ${hexadecimal(below + PAGE_SIZE)}`;
  findings.error(
    at,
    'config.unaligned',
    `the ${what} ${hexadecimal(value)} is not a multiple of ${PAGE_SIZE}`,
    `nearest: ${near}`,
  );
  return false;
}

/** In order of their bases, a region overlaps an earlier one exactly if it begins below the highest end so far. */
function reportOverlaps(placed: readonly Placed[], findings: FindingList): void {
  let highest: Placed | undefined;
  for (const region of [...placed].sort((a, b) => a.base - b.base)) {
    if (highest !== undefined && region.base < highest.end) reportOverlap(region, highest, findings);
    if (highest === undefined || region.end > highest.end) highest = region;
  }
}

function reportOverlap(a: Placed, b: Placed, findings: FindingList): void {
  const [first, second] = a.order < b.order ? [a, b] : [b, a];
  const message = `${nameRegion(second)} overlaps ${nameRegion(first)}`;
  const where = `${first.label} is in line ${first.at.line}, column ${first.at.column}`;
  findings.error(second.at, 'config.ram-overlap', message, where);
}

const nameRegion = (region: Placed): string =>
  `${region.label} (${hexadecimal(region.base)}-${hexadecimal(region.end - 1)})`;

function sourcesOf({ at, base, size }: RegionDraft): NonNullable<RamSpec['source']> {
  return {
    at,
    fields: { ...(base === undefined ? {} : { base: base.at }), ...(size === undefined ? {} : { size: size.at }) },
  };
}
