/** Memory of the tables, as a plain function: an entry of 4 or 8 bytes at a physical address. */
export type ReadEntry = (address: number, bytes: 4 | 8) => bigint;

/** Control registers and access, by the terms of SDM vol. 3, 4. */
export interface WalkRequest {
  readonly cr0: bigint;
  readonly cr3: bigint;
  readonly cr4: bigint;
  readonly efer: bigint;
  readonly pdptes: readonly bigint[];
  readonly va: bigint;
  readonly access: 'read' | 'write' | 'execute';
  readonly user: boolean;
  readonly ac: boolean;
}

export interface WalkAnswer {
  /** Physical address, or the error code of a page fault. */
  readonly physical?: bigint;
  readonly error?: number;
  /** log2 of the page's size. */
  readonly bits?: number;
  readonly global?: boolean;
  /** Entries with flags to set: address and the flags. */
  readonly marks: readonly (readonly [number, number])[];
}

const bit = (value: bigint, n: number): boolean => ((value >> BigInt(n)) & 1n) === 1n;
const slice = (value: bigint, high: number, low: number): bigint =>
  (value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);

const WIDTH = 40;

/** One level of a mode: index bits, entry size, whether an entry may map a page, bits that must be 0 for a page. */
interface Level {
  readonly high: number;
  readonly low: number;
  readonly page: boolean;
  readonly mustBeZero: (entry: bigint, page: boolean) => boolean;
}

/** Translates as the manual's tables say, one bit at a time. */
export function referenceWalk(request: WalkRequest, read: ReadEntry): WalkAnswer {
  const { cr0, cr3, cr4, efer, va, user } = request;
  if (!bit(cr0, 31)) return { physical: va, bits: 12, global: false, marks: [] };
  const nxe = bit(efer, 11);
  const pae = bit(cr4, 5);
  const long = bit(efer, 10);
  const fetchReported = (nxe && pae) || bit(cr4, 20);
  const code = (present: boolean, reserved: boolean): number =>
    (present ? 1 : 0) |
    (request.access === 'write' ? 2 : 0) |
    (user ? 4 : 0) |
    (reserved ? 8 : 0) |
    (request.access === 'execute' && fetchReported ? 16 : 0);
  const marks: (readonly [number, number])[] = [];
  let table = long ? slice(cr3, WIDTH - 1, 12) << 12n : slice(cr3, 31, 12) << 12n;
  if (pae && !long) {
    const pdpte = request.pdptes[Number(slice(va, 31, 30))] ?? 0n;
    if (!bit(pdpte, 0)) return { error: code(false, false), marks };
    table = slice(pdpte, WIDTH - 1, 12) << 12n;
  }
  const levels = pae ? wideLevels(long, nxe) : legacyLevels(bit(cr4, 4));
  const bytes = pae ? 8 : 4;
  let [write, userPage, noExecute] = [true, true, false];
  for (const level of levels) {
    const at = Number(table + slice(va, level.high, level.low) * BigInt(bytes));
    const entry = read(at, bytes);
    if (!bit(entry, 0)) return { error: code(false, false), marks };
    const page = level.low === 12 || (level.page && bit(entry, 7));
    if (level.mustBeZero(entry, page)) return { error: code(true, true), marks };
    write &&= bit(entry, 1);
    userPage &&= bit(entry, 2);
    noExecute ||= pae && nxe && bit(entry, 63);
    if (!page) {
      marks.push([at, 0x20]);
      table = slice(entry, pae ? WIDTH - 1 : 31, 12) << 12n;
      continue;
    }
    if (!permitted(request, write, userPage, noExecute)) return { error: code(true, false), marks };
    marks.push([at, request.access === 'write' ? 0x60 : 0x20]);
    const offset = slice(va, level.low - 1, 0);
    let base = slice(entry, pae ? WIDTH - 1 : 31, level.low) << BigInt(level.low);
    if (!pae && level.low === 22) base |= slice(entry, 20, 13) << 32n;
    return { physical: base | offset, bits: level.low, global: bit(cr4, 7) && bit(entry, 8), marks };
  }
  throw new Error('the last level maps a page');
}

function legacyLevels(pse: boolean): Level[] {
  return [
    { high: 31, low: 22, page: pse, mustBeZero: (entry, page) => page && bit(entry, 21) },
    { high: 21, low: 12, page: true, mustBeZero: () => false },
  ];
}

function wideLevels(long: boolean, nxe: boolean): Level[] {
  const common = (entry: bigint): boolean =>
    slice(entry, 51, WIDTH) !== 0n || (!nxe && bit(entry, 63)) || (!long && slice(entry, 62, 52) !== 0n);
  const large = (low: number) => (entry: bigint, page: boolean) =>
    common(entry) || (page && slice(entry, low - 1, 13) !== 0n);
  const lower: Level[] = [
    { high: 29, low: 21, page: true, mustBeZero: large(21) },
    { high: 20, low: 12, page: true, mustBeZero: common },
  ];
  if (!long) return lower;
  return [
    { high: 47, low: 39, page: false, mustBeZero: (entry) => common(entry) || bit(entry, 7) },
    { high: 38, low: 30, page: true, mustBeZero: large(30) },
    ...lower,
  ];
}

/** SDM vol. 3, 4.6.1. */
function permitted(
  { access, user, cr0, cr4, ac }: WalkRequest,
  write: boolean,
  userPage: boolean,
  noExecute: boolean,
): boolean {
  if (user) {
    if (!userPage) return false;
    if (access === 'execute') return !noExecute;
    return access === 'read' || write;
  }
  if (access === 'execute') return !noExecute && !(userPage && bit(cr4, 20));
  if (userPage && bit(cr4, 21) && !ac) return false;
  return access === 'read' || write || !bit(cr0, 16);
}
