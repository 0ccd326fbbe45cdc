import { Place } from './tables.test.helper.js';

/** The segment registers of a record, in QEMU's order. */
export const SEGMENT_NAMES = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS', 'LDT', 'TR'] as const;
export const GENERAL_NAMES = ['AX', 'BX', 'CX', 'DX', 'SI', 'DI', 'BP', 'SP'] as const;

/** Registers by name, in hexadecimal text without leading zeros, and the memory that has changed: address and bytes. */
export type End = ReadonlyMap<string, string>;

/** Bits of the second word of a descriptor that are attributes. */
const ATTRIBUTES = 0xf0ff00;
const BUSY_TYPE = 0x200;
const PRESENT = 0x8000;
/** Memory of the firmware that brings QEMU to the start. */
const FIRMWARE_END = 0x1000;
const PAGE = 0x1000;

const short = (text: string): string => text.replace(/^0+(?=.)/, '').toLowerCase();

/**
 * A segment register as text: selector, base, limit, and the second word of the descriptor without base and limit. The
 * selector alone if the segment is not valid.
 */
export function segmentText(selector: string, base: string, limit: string, word: string): string {
  const attributes = Number.parseInt(word, 16) & ATTRIBUTES;
  if (!(attributes & PRESENT)) return short(selector);
  return [selector, base, limit, attributes.toString(16)].map(short).join(',');
}

/** The end that QEMU's `info registers` shows. */
export function endOfQemu(text: string, before: Uint8Array, after: Uint8Array): End {
  const find = (pattern: string): string[] => {
    const found = new RegExp(pattern, 'm').exec(text);
    if (found === null) throw new Error(`QEMU shows no ${pattern}`);
    return found.slice(1);
  };
  const number = (name: string): string => short(find(`\\b${name}=([0-9a-f]+)`)[0] ?? '');
  const segment = (name: string): string => {
    const [selector = '', base = '', limit = '', word = ''] = find(
      `^${name} *=([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)`,
    );
    // The hidden part of TR is not busy after LTR in QEMU.
    const busy = name === 'TR' && !/^0+$/.test(word) ? BUSY_TYPE : 0;
    return segmentText(selector, base, limit, (Number.parseInt(word, 16) | busy).toString(16));
  };
  return new Map([
    ...['IP', 'FL', ...GENERAL_NAMES].map((name) => [name, number(`[ER]${name}`)] as const),
    ...['CPL', 'CR0'].map((name) => [name, number(name)] as const),
    ...SEGMENT_NAMES.map((name) => [name, segment(name)] as const),
    ['memory', changes(before, after)],
  ]);
}

/** Runs of bytes that differ, from the tables on; one ends with its page. */
export function changes(before: Uint8Array, after: Uint8Array): string {
  const runs: string[] = [];
  for (let page = FIRMWARE_END; page < Place.pages; page += PAGE) {
    const [old, now] = [before.subarray(page, page + PAGE), after.subarray(page, page + PAGE)];
    if (Buffer.compare(old, now) !== 0) runs.push(...runsOf(old, now, page));
  }
  return runs.join(',');
}

/** The runs of bytes that differ in a page. */
function runsOf(old: Uint8Array, now: Uint8Array, page: number): string[] {
  const runs: string[] = [];
  for (let at = 0; at < PAGE; at++) {
    if (old[at] === now[at]) continue;
    let end = at + 1;
    while (end < PAGE && old[end] !== now[end]) end++;
    const bytes = [...now.subarray(at, end)].map((byte) => byte.toString(16).padStart(2, '0'));
    runs.push(`${(page + at).toString(16)}:${bytes.join('')}`);
    at = end;
  }
  return runs;
}

/** The parts of an end that differ from the start, as a line. */
export const lineOf = (end: End, start: End): string =>
  [...end].flatMap(([name, value]) => (start.get(name) === value ? [] : [`${name}=${value}`])).join(' ');
