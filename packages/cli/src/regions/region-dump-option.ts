import { InvalidArgumentError } from 'commander';

/** Selection of the regions to dump, and the folder. */
export interface RegionDumpOption {
  readonly folder: string;
  /** Addresses of first instructions, both ends inclusive. Absent: all. Lower 48 bits. */
  readonly entries?: { readonly first: bigint; readonly last: bigint };
}

const FILTER = /^(?:0x)?([0-9a-f]{1,16})(?:-(?:0x)?([0-9a-f]{1,16}))?$/i;

/**
 * Parses `FOLDER[,FILTER]`; the filter is a hexadecimal address or a range FIRST-LAST.
 *
 * @throws InvalidArgumentError
 */
export function parseRegionDumpOption(text: string): RegionDumpOption {
  const comma = text.lastIndexOf(',');
  const folder = comma < 0 ? text : text.slice(0, comma);
  if (folder === '') throw new InvalidArgumentError('It must begin with the name of a folder.');
  return comma < 0 ? { folder } : { folder, entries: parseFilter(text.slice(comma + 1)) };
}

function parseFilter(text: string): { readonly first: bigint; readonly last: bigint } {
  const [, from, to = from] = FILTER.exec(text) ?? [];
  if (from === undefined || to === undefined)
    throw new InvalidArgumentError('The text after the comma must be a hexadecimal address or a range FIRST-LAST.');
  const [first, last] = [address(from), address(to)];
  if (last < first) throw new InvalidArgumentError('The range of addresses ends before it begins.');
  return { first, last };
}

/** The engine distinguishes addresses by their lower 48 bits. */
function address(digits: string): bigint {
  return BigInt.asUintN(48, BigInt(`0x${digits}`));
}
