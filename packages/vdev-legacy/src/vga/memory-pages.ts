import { requireObject, requireUnsigned, VdevStateError } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';

const PAGE = 0x1000;

/**
 * The pages of a memory, which begins at a multiple of 4 bytes, that are not all zeros, for a saved state: each with its number and its bytes as
 * base64.
 */
export function savePages(memory: Uint8Array): Json {
  const pages: Json[] = [];
  for (let page = 0; page * PAGE < memory.length; page++) {
    const bytes = memory.subarray(page * PAGE, (page + 1) * PAGE);
    if (!isZero(bytes)) pages.push({ page, bytes: btoa(String.fromCharCode(...bytes)) });
  }
  return pages;
}

/** Looks at words, because frame buffers are large. */
function isZero(page: Uint8Array): boolean {
  const words = new Int32Array(page.buffer, page.byteOffset, PAGE / 4);
  for (let at = 0; at < words.length; at++) if (words[at] !== 0) return false;
  return true;
}

/**
 * Checks what {@link savePages} gave, and changes nothing.
 *
 * @returns a function that restores it.
 * @throws VdevStateError
 */
export function decodePages(value: unknown, memory: Uint8Array, what: string): () => void {
  if (!Array.isArray(value)) throw new VdevStateError(`${what} is no list of pages`);
  const most = memory.length / PAGE - 1;
  const pages = value.map((entry) => {
    const saved = requireObject(entry, ['page', 'bytes'], what);
    return { at: requireUnsigned(saved['page'], most, 'page') * PAGE, bytes: pageOf(saved['bytes'], what) };
  });
  return () => {
    memory.fill(0);
    for (const { at, bytes } of pages) memory.set(bytes, at);
  };
}

function pageOf(text: unknown, what: string): Uint8Array {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]{5461}[A-Za-z0-9+/=]{3}$/.test(text)) {
    throw new VdevStateError(`${what} has a page that is no base64 of ${PAGE} bytes`);
  }
  const bytes = Uint8Array.from(decoded(text, what), (character) => character.charCodeAt(0));
  if (bytes.length !== PAGE) throw new VdevStateError(`${what} has a page of ${bytes.length} bytes, not ${PAGE}`);
  return bytes;
}

function decoded(text: string, what: string): string {
  try {
    return atob(text);
  } catch {
    throw new VdevStateError(`${what} has a page that is no base64`);
  }
}
