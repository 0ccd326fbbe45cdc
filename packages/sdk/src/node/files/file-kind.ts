import { statfsSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';

/** Devices that accept all output without waiting: `/dev/null` and `/dev/full`, by major and minor number. */
const SINKS: ReadonlySet<string> = new Set(['1:3', '1:7']);
/**
 * Types of file systems whose files are part of the kernel, so that writing one changes the system (statfs(2): proc,
 * sysfs).
 */
const KERNEL_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x9fa0, 0x6265_6572]);

/** The reason why a file cannot be read to its end without waiting; `undefined` for a regular file. */
export function notReadable(info: Stats): string | undefined {
  return info.isFile() ? undefined : kindOf(info);
}

/**
 * The reason why a file cannot be written without waiting; `undefined` for a regular file of a real file system and
 * for a sink such as `/dev/null`.
 */
export function notWritable(path: string, info: Stats): string | undefined {
  if (isSink(info)) return undefined;
  if (!info.isFile()) return kindOf(info);
  return isKernelFile(path) ? 'it is a file of the kernel' : undefined;
}

/** Whether it is a device that accepts all output, so that several users may write to it. */
export function isSink(info: Stats): boolean {
  const { major, minor } = deviceNumbers(info.rdev);
  return info.isCharacterDevice() && SINKS.has(`${major}:${minor}`);
}

/** Linux's encoding of device numbers: 12 bits of the major and 8 of the minor one, then the rest of the minor one. */
export function deviceNumbers(device: number): { readonly major: number; readonly minor: number } {
  return { major: (device >>> 8) & 0xfff, minor: (device & 0xff) | ((device >>> 12) & 0xf_ff00) };
}

/** Whether a file, or the folder of a file that does not exist yet, is in a file system of the kernel. */
export function isKernelFile(path: string): boolean {
  const type = (existing: string): number | undefined => {
    try {
      return statfsSync(existing).type;
    } catch {
      return undefined;
    }
  };
  return KERNEL_FILE_SYSTEMS.has(type(path) ?? type(dirname(path)) ?? 0);
}

function kindOf(info: Stats): string {
  if (info.isDirectory()) return 'it is a folder';
  if (info.isFIFO()) return 'it is a pipe, and not a regular file';
  if (info.isSocket()) return 'it is a socket, and not a regular file';
  return 'it is a device, and not a regular file';
}
