import { closeSync, existsSync, fstatSync, fsyncSync, linkSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { QvmError } from '@qvm/core';
import { newOverlay } from '../../block/overlay-format.js';
import { removeOwnFile, type OwnFile } from '../files/own-file.js';
import { codeOf, reasonOf } from '../files/system-error.js';

/**
 * Makes an empty overlay, unless a file of that name exists. The file appears atomically.
 *
 * @throws QvmError `block.open`, `block.overlay`.
 */
export function createOverlayFile(path: string, size: number, fingerprint: number): void {
  if (existsSync(path)) return;
  const draft = `${path}.${process.pid}.new`;
  try {
    const file = writeDurably(draft, newOverlay(size, fingerprint));
    publish(draft, path, file);
  } catch (cause) {
    if (cause instanceof QvmError) throw cause;
    throw new QvmError('block.open', `"${path}" cannot be made: ${reasonOf(cause)}`, { cause });
  }
}

function writeDurably(path: string, pieces: Iterable<Uint8Array>): OwnFile {
  const descriptor = openSync(path, 'wx');
  const file = fstatSync(descriptor);
  try {
    for (const piece of pieces) for (let done = 0; done < piece.length;) done += writeSync(descriptor, piece, done);
    fsyncSync(descriptor);
    return file;
  } catch (error) {
    removeOwnFile(path, file);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Uses a link because, unlike a rename, it does not replace a file that another process has made meanwhile, which is
 * then used.
 */
function publish(draft: string, path: string, file: OwnFile): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    removeOwnFile(draft, file);
  }
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
