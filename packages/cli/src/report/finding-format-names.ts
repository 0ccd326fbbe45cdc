/** How `qvm check` can print what it finds; said here, because help is shown without the code for it. */
export const FINDING_FORMATS = ['text', 'json', 'github', 'sarif'] as const;

/** One of {@link FINDING_FORMATS}. */
export type FindingFormat = (typeof FINDING_FORMATS)[number];
