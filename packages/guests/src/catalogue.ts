import { GuestFetchError } from './errors.js';

/**
 * Debian's name for an architecture of guests.
 *
 * @experimental
 */
export type GuestArchitecture = 'arm64' | 'amd64' | 'i386';

/**
 * A guest that can be fetched.
 *
 * @experimental
 */
export interface GuestDescription {
  /** Its name in commands, and the name of its folder in the cache. */
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  /** `linux`: a kernel and an initramfs. `firmware`: one image that starts at reset. `program`: images without either. */
  readonly kind: 'linux' | 'firmware' | 'program';
  /** The architecture of its packages. */
  readonly architecture: GuestArchitecture;
  /** The Debian packages that it is made from (for a kernel, the package that depends on the newest one). */
  readonly packages: readonly string[];
  /** The files a complete guest has, besides `package` and `MANIFEST`. */
  readonly files: readonly string[];
  /** Approximate size of a first download in bytes, including package lists. */
  readonly downloadBytes: number;
}

/** Name of the kernel's file: that of the format that the architecture's kernels have. */
export const KERNEL_FILE: Readonly<Record<GuestArchitecture, string>> = {
  arm64: 'Image',
  amd64: 'bzImage',
  i386: 'bzImage',
};

const linuxFiles = (architecture: GuestArchitecture): readonly string[] => [
  KERNEL_FILE[architecture],
  'initramfs.cpio.gz',
  'initramfs-full.cpio.gz',
  'config',
];

const CATALOGUE: readonly GuestDescription[] = [
  {
    name: 'debian-arm64',
    title: 'Debian stock arm64 kernel with a busybox initramfs',
    kind: 'linux',
    architecture: 'arm64',
    packages: ['linux-image-arm64', 'busybox-static'],
    files: linuxFiles('arm64'),
    downloadBytes: 75_000_000,
  },
  {
    name: 'debian-arm64-cloud',
    title: 'Debian cloud arm64 kernel (fewer drivers) with a busybox initramfs',
    kind: 'linux',
    architecture: 'arm64',
    packages: ['linux-image-cloud-arm64', 'busybox-static'],
    files: linuxFiles('arm64'),
    downloadBytes: 45_000_000,
  },
  {
    name: 'u-boot-arm64',
    title: 'U-Boot boot loader for an arm64 "virt" board',
    kind: 'firmware',
    architecture: 'arm64',
    packages: ['u-boot-qemu'],
    files: ['u-boot.bin'],
    downloadBytes: 12_000_000,
  },
  {
    name: 'debian-amd64',
    title: 'Debian stock amd64 kernel with a busybox initramfs',
    kind: 'linux',
    architecture: 'amd64',
    packages: ['linux-image-amd64', 'busybox-static'],
    files: linuxFiles('amd64'),
    downloadBytes: 85_000_000,
  },
  {
    name: 'debian-amd64-cloud',
    title: 'Debian cloud amd64 kernel (fewer drivers) with a busybox initramfs',
    kind: 'linux',
    architecture: 'amd64',
    packages: ['linux-image-cloud-amd64', 'busybox-static'],
    files: linuxFiles('amd64'),
    downloadBytes: 45_000_000,
  },
  {
    name: 'debian-i386',
    title: 'Debian stock 32-bit x86 kernel (686, without PAE) with a busybox initramfs',
    kind: 'linux',
    architecture: 'i386',
    packages: ['linux-image-686', 'busybox-static'],
    files: linuxFiles('i386'),
    downloadBytes: 75_000_000,
  },
  {
    name: 'seabios',
    title: 'SeaBIOS, the firmware of a PC with BIOS',
    kind: 'firmware',
    architecture: 'amd64',
    packages: ['seabios'],
    files: ['bios-256k.bin'],
    downloadBytes: 12_000_000,
  },
  {
    name: 'memtest86plus',
    title: 'memtest86+, a test of memory for PCs, of 64 and of 32 bits',
    kind: 'program',
    architecture: 'amd64',
    packages: ['memtest86+'],
    files: ['memtest-x64.bin', 'memtest-ia32.bin'],
    downloadBytes: 12_000_000,
  },
];

/**
 * All guests that can be fetched.
 *
 * @experimental
 */
export function guestCatalogue(): readonly GuestDescription[] {
  return CATALOGUE;
}

/** @throws GuestFetchError `unknown-guest` when the catalogue has no such name */
export function describeGuest(name: string): GuestDescription {
  const found = CATALOGUE.find((guest) => guest.name === name);
  if (found !== undefined) return found;
  const known = CATALOGUE.map((guest) => guest.name).join(', ');
  throw new GuestFetchError('unknown-guest', `no guest is called ${JSON.stringify(name)}; there are: ${known}`);
}
