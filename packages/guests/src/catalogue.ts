import { GuestFetchError } from './errors.js';

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
  /** `linux`: a kernel and an initramfs. `firmware`: one image that starts at reset. */
  readonly kind: 'linux' | 'firmware';
  /** Debian's name for the architecture. */
  readonly architecture: 'arm64';
  /** The Debian packages that it is made from (for a kernel, the package that depends on the newest one). */
  readonly packages: readonly string[];
  /** The files a complete guest has, besides `package` and `MANIFEST`. */
  readonly files: readonly string[];
  /** Approximate size of a first download in bytes, including package lists. */
  readonly downloadBytes: number;
}

const LINUX_FILES = ['Image', 'initramfs.cpio.gz', 'initramfs-full.cpio.gz', 'config'] as const;

const CATALOGUE: readonly GuestDescription[] = [
  {
    name: 'debian-arm64',
    title: 'Debian stock arm64 kernel with a busybox initramfs',
    kind: 'linux',
    architecture: 'arm64',
    packages: ['linux-image-arm64', 'busybox-static'],
    files: LINUX_FILES,
    downloadBytes: 75_000_000,
  },
  {
    name: 'debian-arm64-cloud',
    title: 'Debian cloud arm64 kernel (fewer drivers) with a busybox initramfs',
    kind: 'linux',
    architecture: 'arm64',
    packages: ['linux-image-cloud-arm64', 'busybox-static'],
    files: LINUX_FILES,
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
