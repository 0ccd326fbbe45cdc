/** Bytes in a guest page: RAM bases and sizes are multiples of it. @experimental */
export const PAGE_SIZE = 4096;

/** Most virtual CPUs one VM may have. @experimental */
export const MAX_CPUS = 8;

/** Longest configuration file, in bytes of UTF-8. @experimental */
export const MAX_FILE_BYTES = 1024 * 1024;

/** Deepest nesting of objects and arrays in a configuration file. @experimental */
export const MAX_DEPTH = 32;

/** Most values (objects, arrays and scalars together) in a configuration file. @experimental */
export const MAX_VALUES = 10_000;

/** Longest path, in UTF-16 units, after `${NAME}` expansion (Linux PATH_MAX less its terminator). @experimental */
export const MAX_PATH_LENGTH = 4095;

/** End of the guest-physical address space: 48 bits, the largest an ARMv8.0 core may implement (Arm ARM D8.1.6). @experimental */
export const ADDRESS_SPACE_END = 2 ** 48;

/** Longest VM name. @experimental */
export const MAX_NAME_LENGTH = 64;

/** Highest host CPU number that `cpulist` may name (Linux NR_CPUS on large hosts, less one). @experimental */
export const MAX_HOST_CPU = 8191;

/** Lowest and highest `priority`, the range of QNX thread priorities open to a process. @experimental */
export const PRIORITY_RANGE = { min: 1, max: 255 } as const;

/** Longest kernel command line that Linux keeps on arm64 and x86 (COMMAND_LINE_SIZE is 2048, with its NUL). @experimental */
export const LINUX_CMDLINE_LENGTH = 2047;

/** Errors, and likewise warnings, reported at most; the last of them says that there are more. @experimental */
export const MAX_FINDINGS = 100;

/** Most RAM, ROM and reserved regions, files to load and vdevs of one VM, each. @experimental */
export const MAX_REGIONS = 1000;

/** Most files that one configuration may be made of. @experimental */
export const MAX_FILES = 100;
