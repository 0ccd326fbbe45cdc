/** Size of a guest page in bytes: RAM bases and sizes are multiples of it. @experimental */
export const PAGE_SIZE = 4096;

/** Largest number of vCPUs of a VM. @experimental */
export const MAX_CPUS = 8;

/** Largest size of a configuration file, in bytes of UTF-8. @experimental */
export const MAX_FILE_BYTES = 1024 * 1024;

/** Largest depth of objects and arrays in a configuration file. @experimental */
export const MAX_DEPTH = 32;

/** Largest number of values (objects, arrays and scalars) in a configuration file. @experimental */
export const MAX_VALUES = 10_000;

/**
 * Largest length of a path in UTF-16 units, after `${NAME}` expansion (Linux PATH_MAX without its terminator).
 *
 * @experimental
 */
export const MAX_PATH_LENGTH = 4095;

/** End of the guest-physical address space: 48 bits, the largest an ARMv8.0 core may implement (Arm ARM D8.1.6). @experimental */
export const ADDRESS_SPACE_END = 2 ** 48;

/** Largest length of a VM's name. @experimental */
export const MAX_NAME_LENGTH = 64;

/** Largest length of the choice of a processor model. @experimental */
export const MAX_CPU_MODEL_LENGTH = 1024;

/** Highest host CPU number that `cpulist` may contain (Linux NR_CPUS on large hosts, minus one). @experimental */
export const MAX_HOST_CPU = 8191;

/** Lowest and highest `priority`: the range of QNX thread priorities that a process may use. @experimental */
export const PRIORITY_RANGE = {
  /** The lowest priority, inclusive. */
  min: 1,
  /** The highest priority, inclusive. */
  max: 255,
} as const;

/**
 * Largest length of a kernel command line that Linux keeps on arm64 and x86 (COMMAND_LINE_SIZE is 2048, with its NUL).
 *
 * @experimental
 */
export const LINUX_CMDLINE_LENGTH = 2047;

/** Largest number of reported errors, and of warnings; the last one tells that there are more. @experimental */
export const MAX_FINDINGS = 100;

/**
 * Largest number of regions of RAM, ROM and reserved addresses, of files to load and of vdevs of a VM, for each kind.
 *
 * @experimental
 */
export const MAX_REGIONS = 1000;

/** Largest number of files in a configuration. @experimental */
export const MAX_FILES = 100;
