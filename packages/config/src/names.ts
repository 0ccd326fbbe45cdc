/** What a VM may be called: it becomes part of paths and of the control interface's addresses. */
export const NAME_PATTERN = /^[A-Za-z0-9._-]+$/;

/** A board's word, or the name of a package that brings it. */
export const BOARD_PATTERN = /^(?:@[a-z0-9-]+\/)?[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** The architectures that `arch` may name; the first is the default. @experimental */
export const ARCHITECTURES = ['aarch64', 'x86_64'] as const;

/** A guest architecture. @experimental */
export type ArchitectureName = (typeof ARCHITECTURES)[number];
