import type { Quantity, RamDraft } from './draft.js';
import type { FindingList } from './finding.js';
import { ADDRESS_SPACE_END, PAGE_SIZE } from './limits.js';
import type { SourceLocation } from './location.js';
import { type AddressResult, type NumberResult, parseAddress, parseSize } from './numbers.js';
import { hex, show } from './show.js';
import type { RamSpec } from './spec.js';

interface Placed {
  readonly index: number;
  readonly base: number;
  readonly end: number;
  readonly at: SourceLocation;
}

/** Reads the RAM regions; `undefined` when one of them cannot be used. */
export function buildRam(drafts: readonly RamDraft[], findings: FindingList): RamSpec[] | undefined {
  const regions: RamSpec[] = [];
  const placed: Placed[] = [];
  for (const [index, draft] of drafts.entries()) {
    if (findings.full) return undefined;
    const size = readSize(draft.size, findings);
    const base = draft.base === undefined ? followingBase(placed, index) : readBase(draft.base, findings);
    if (size === undefined || (draft.base !== undefined && base === undefined)) continue;
    const end = (base ?? 0) + size;
    if (end > ADDRESS_SPACE_END) {
      const message = `ram[${index}] ends at ${hex(end)}, beyond the 48-bit address space`;
      findings.error(draft.size?.at ?? draft.at, 'config.ram-range', message);
      continue;
    }
    if (base !== undefined) placed.push({ index, base, end, at: draft.at });
    regions.push({ ...(base === undefined ? {} : { base }), size, source: sourcesOf(draft) });
  }
  reportOverlaps(placed, findings);
  return regions.length === drafts.length ? regions : undefined;
}

/** Just behind the highest region so far, when all of those before have a place; otherwise the board chooses. */
function followingBase(placed: readonly Placed[], index: number): number | undefined {
  if (index === 0 || placed.length !== index) return undefined;
  return placed.reduce((highest, region) => Math.max(highest, region.end), 0);
}

function readQuantity<R extends NumberResult | AddressResult>(
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
  else if (result.value === 0)
    findings.error(at, 'config.bad-size', 'a RAM region of no bytes', 'right would be "256M"');
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
  const near = what === 'size' && below === 0 ? hex(PAGE_SIZE) : `${hex(below)} or ${hex(below + PAGE_SIZE)}`;
  findings.error(
    at,
    'config.unaligned',
    `the ${what} ${hex(value)} is not a multiple of ${PAGE_SIZE}`,
    `nearest: ${near}`,
  );
  return false;
}

/** In order of base, a region overlaps an earlier one exactly when it begins before the highest end so far. */
function reportOverlaps(placed: readonly Placed[], findings: FindingList): void {
  let highest: Placed | undefined;
  for (const region of [...placed].sort((a, b) => a.base - b.base)) {
    if (highest !== undefined && region.base < highest.end) reportOverlap(region, highest, findings);
    if (highest === undefined || region.end > highest.end) highest = region;
  }
}

function reportOverlap(a: Placed, b: Placed, findings: FindingList): void {
  const [first, second] = a.index < b.index ? [a, b] : [b, a];
  const message = `${nameRegion(second)} overlaps ${nameRegion(first)}`;
  const where = `ram[${first.index}] is in line ${first.at.line}, column ${first.at.column}`;
  findings.error(second.at, 'config.ram-overlap', message, where);
}

const nameRegion = (region: Placed): string => `ram[${region.index}] (${hex(region.base)}-${hex(region.end - 1)})`;

function sourcesOf({ at, base, size }: RamDraft): NonNullable<RamSpec['source']> {
  return {
    at,
    fields: { ...(base === undefined ? {} : { base: base.at }), ...(size === undefined ? {} : { size: size.at }) },
  };
}
