import { accessSync, closeSync, constants, existsSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { QvmError } from '@qvm/core';
import { BLOCK_SECTOR, type BlockBackend, type BlockOpenOptions, type BlockStore } from '@qvm/core/services';
import { baseFingerprint } from '../../block/fingerprint.js';
import { openOverlay } from '../../block/overlay-disk.js';
import { deviceNumbers } from '../files/file-kind.js';
import { claimFile, type FileClaim } from '../files/file-claim.js';
import { createOverlayFile } from './create-overlay.js';
import { HostFile } from './host-file.js';
import { codeOf, reasonOf } from '../files/system-error.js';

/**
 * Disks of files and block devices, with overlays. Only for Linux: `/sys` and `/proc` provide the size of a device and
 * the claims.
 *
 * @experimental
 */
export const nodeBlockStore: BlockStore = {
  open: (path, options) => (options.inspect === true ? inspectDisk(path, options) : openDisk(path, options)),
};

const NO_CLAIM: FileClaim = { release: () => undefined };

interface OpenedFile {
  readonly disk: HostFile;
  /** Current size in bytes. */
  readonly size: number;
}

function openDisk(path: string, { readOnly, overlay, owner = 'another user' }: BlockOpenOptions): BlockBackend {
  const { disk: base } = openFile(path, readOnly || overlay !== undefined, owner);
  if (overlay === undefined) return base;
  try {
    return openOverDisk(base, overlay, readOnly, owner);
  } catch (error) {
    void base.close();
    throw error;
  }
}

/** Opens a disk for a check of the configuration, without claiming it or respecting claims of others. */
function inspectDisk(path: string, { readOnly, overlay }: BlockOpenOptions): BlockBackend {
  const { disk: base } = openFile(path, true, undefined);
  try {
    if (!readOnly) requireWritable(path, overlay);
    const present = overlay !== undefined && (readOnly || existsSync(overlay));
    return present ? openOverDisk(base, overlay, true, undefined) : base;
  } catch (error) {
    void base.close();
    throw error;
  }
}

/** Checks that the paths can be written: the disk, its overlay, or the folder in which an overlay would be made. */
function requireWritable(disk: string, overlay: string | undefined): void {
  const written = overlay ?? disk;
  attempt(written, () => accessSync(existsSync(written) ? written : dirname(written), constants.W_OK));
}

function openOverDisk(base: BlockBackend, path: string, readOnly: boolean, owner: string | undefined): BlockBackend {
  const fingerprint = baseFingerprint(base);
  if (!readOnly) createOverlayFile(path, base.size, fingerprint);
  const { disk, size } = openFile(path, readOnly, owner, Number.MAX_SAFE_INTEGER);
  try {
    return openOverlay(base, fingerprint, disk, size);
  } catch (error) {
    void disk.close();
    if (!(error instanceof QvmError)) throw error;
    throw new QvmError(error.code, `"${path}" cannot be used: ${error.message}`, { cause: error });
  }
}

/**
 * @param owner - the claimant of the file; no claim when undefined.
 * @param limit - size of the disk; that of the file when absent.
 */
function openFile(path: string, readOnly: boolean, owner: string | undefined, limit?: number): OpenedFile {
  // Non-blocking, so that opening a pipe by mistake returns.
  const access = (readOnly ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NONBLOCK;
  const descriptor = attempt(path, () => openSync(path, access));
  try {
    const info = fstatSync(descriptor);
    const size = sizeOf(path, info);
    if (limit === undefined) requireSectors(path, size);
    const claim = owner === undefined ? NO_CLAIM : claimFile(path, info, !readOnly, owner);
    const prompt = info.isFile();
    return { size, disk: new HostFile({ descriptor, path, size: limit ?? size, readOnly, prompt, claim }) };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function sizeOf(path: string, info: Stats): number {
  if (info.isFile()) return info.size;
  if (info.isBlockDevice()) return attempt(path, () => deviceSize(info.rdev));
  const what = info.isDirectory() ? 'it is a folder' : 'it is neither a file nor a block device';
  throw new QvmError('block.open', `"${path}" cannot be opened as a disk: ${what}`);
}

/** `/sys` gives the size in units of 512 bytes, whatever the device's sector size. */
function deviceSize(device: number): number {
  const { major, minor } = deviceNumbers(device);
  return Number.parseInt(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'utf8'), 10) * BLOCK_SECTOR;
}

function requireSectors(path: string, size: number): void {
  if (size > 0 && size % BLOCK_SECTOR === 0) return;
  throw new QvmError(
    'block.size',
    `"${path}" has ${size} bytes; a disk has a multiple of ${BLOCK_SECTOR}, and at least one.`,
  );
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const code = codeOf(cause);
    const hint = code === 'EACCES' || code === 'EROFS' ? '; with readonly=on it would not be written' : '';
    throw new QvmError('block.open', `"${path}" cannot be opened as a disk: ${reasonOf(cause)}${hint}`, { cause });
  }
}
