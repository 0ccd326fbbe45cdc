import type { OptionSetting } from '../spec.js';

/** vdevs whose `hostdev` is a file, which the JSON form calls `file`. */
const FILE_VDEVS: ReadonlySet<string> = new Set(['virtio-blk']);

/** The option of a vdev type for which `hostdev` stands. */
export function hostDeviceOption(type: string, known: ReadonlySet<string> | undefined): 'file' | 'hostdev' {
  if (known !== undefined && (known.has('hostdev') || known.has('file'))) {
    return known.has('file') ? 'file' : 'hostdev';
  }
  return FILE_VDEVS.has(type) ? 'file' : 'hostdev';
}

/**
 * Converts QNX' notation for a host device to options: `<FILE` is read only, `>FILE` is for output, `>-` is the
 * console.
 */
export function hostDevice(name: 'file' | 'hostdev', written: string): readonly OptionSetting[] {
  const direction = /^[<>]/.exec(written)?.[0];
  const path = direction === undefined ? written : written.slice(1);
  if (name === 'file') return [{ name, value: path }, ...(direction === '<' ? [{ name: 'readonly' }] : [])];
  if (path === '-') return [{ name, value: 'stdio' }];
  return [{ name, value: direction === '>' && !path.startsWith('|') ? `file:${path}` : written }];
}
