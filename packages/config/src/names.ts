/** Valid names of VMs, which become part of paths and of addresses in the control interface. */
export const NAME_PATTERN = /^[A-Za-z0-9._-]+$/;

/** A board's name, or the name of the package that provides it. */
export const BOARD_PATTERN = /^(?:@[a-z0-9-]+\/)?[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** A processor model with changes of its features: `x86-64-v2,+aes`. */
export const CPU_MODEL_PATTERN = /^[+-]?[A-Za-z0-9][A-Za-z0-9._-]*(?: *, *[+-][A-Za-z0-9][A-Za-z0-9._-]*)*$/;

/** Names of entries of images. */
export const ENTRY_PATTERN = /^[a-z][a-z0-9-]{0,31}$/;

/** The architectures that `arch` may name; the first is the default. @experimental */
export const ARCHITECTURES = ['aarch64', 'x86_64'] as const;

/** A guest architecture. @experimental */
export type ArchitectureName = (typeof ARCHITECTURES)[number];
