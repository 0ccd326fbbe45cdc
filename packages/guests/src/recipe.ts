import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { GuestArchitecture } from './catalogue.js';
import { sha256 } from './hash.js';

/** The kernel modules of an initramfs. */
export interface GuestModules {
  /** Loaded by the guest's init, in this order, each after its dependencies. */
  readonly boot: readonly string[];
  /** Included in both initramfs and loaded with `mod NAME`: file systems on VirtIO devices. */
  readonly carried: readonly string[];
  /** Included in `initramfs-full.cpio.gz` in addition: other VirtIO devices, and modules for a larger system. */
  readonly full: readonly string[];
}

const VIRTIO_MODULES: readonly string[] = [
  'virtio',
  'virtio_ring',
  'virtio_mmio',
  'virtio_pci',
  'virtio_blk',
  'virtio_net',
  'virtio_console',
  'virtio_rng',
];

const CARRIED_MODULES: readonly string[] = ['crc32c_generic', 'ext4', '9pnet_virtio', '9p', 'fuse', 'virtiofs'];

/** Of a larger system, with the platform's own devices after the firmware configuration. */
const fullModules = (platform: readonly string[]): readonly string[] => [
  ...['virtio_balloon', 'virtio_input', 'virtio_scsi', 'virtio_gpu', 'vmw_vsock_virtio_transport'],
  ...['sd_mod', 'sr_mod', 'nvme', 'ahci', 'e1000'],
  ...['overlay', 'squashfs', 'isofs', 'vfat', 'nls_ascii', 'nls_cp437', 'loop'],
  ...['qemu_fw_cfg', ...platform],
  ...['8021q', 'tun'],
  ...['md_mod', 'raid6_pq', 'crc32_generic'],
];

const ARM64: GuestModules = {
  // The power button, and access to it for programs.
  boot: [...VIRTIO_MODULES, 'gpio_keys', 'evdev'],
  carried: CARRIED_MODULES,
  full: fullModules(['altera_ps2', 'sp805_wdt']),
};

const X86: GuestModules = {
  // The power button of ACPI, and access to it for programs.
  boot: [...VIRTIO_MODULES, 'button', 'evdev'],
  carried: CARRIED_MODULES,
  // PIIX and VGA of a PC, keyboard and mouse at its i8042; PCI functions for programs.
  full: fullModules(['ata_piix', 'ata_generic', 'bochs', 'atkbd', 'psmouse', 'uio_pci_generic']),
};

const MODULES: Readonly<Record<GuestArchitecture, GuestModules>> = { arm64: ARM64, amd64: X86, i386: X86 };

/** The modules in the initramfs of an architecture's guests. */
export function guestModules(architecture: GuestArchitecture): GuestModules {
  return MODULES[architecture];
}

/** Time of every file in an initramfs, in seconds since 1970. */
export const FILE_TIME = 1_700_000_000;

/** The guest's own programs: their paths in the guest, and their files in this package's `guest` folder. */
export const GUEST_SCRIPTS: readonly { readonly path: string; readonly source: string }[] = [
  { path: 'init', source: 'init' },
  { path: 'bin/mod', source: 'mod' },
  { path: 'bin/selftest-cpu', source: 'selftest-cpu' },
  { path: 'bin/bench', source: 'bench' },
  { path: 'etc/acpi/PWRF/00000080', source: 'power-button' },
];

/** Must be increased when assembling changes in a way that the rest of the recipe does not reflect. */
const ASSEMBLY_VERSION = 1;

/** Folder of the guest's scripts, in the repository and in the published package. */
export const scriptDirectory = fileURLToPath(new URL('../guest/', import.meta.url));

/** The guest's own programs by their path in the guest, for an initramfs. */
export async function loadGuestScripts(): Promise<Map<string, Uint8Array>> {
  const scripts = new Map<string, Uint8Array>();
  for (const { path, source } of GUEST_SCRIPTS) scripts.set(path, await readFile(scriptDirectory + source));
  return scripts;
}

/**
 * Digest of the way in which an architecture's guests are assembled: a guest made by another recipe is assembled again.
 */
export async function recipeDigest(architecture: GuestArchitecture): Promise<string> {
  const { boot, carried, full } = guestModules(architecture);
  const lists = [boot, carried, full, FILE_TIME, ASSEMBLY_VERSION];
  const scripts = [...(await loadGuestScripts())].map(([path, data]) => [path, sha256(data)]);
  return sha256(JSON.stringify([lists, scripts]));
}
