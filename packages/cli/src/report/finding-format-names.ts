/** Output formats of `qvm check`, in a file of their own because help is shown without loading the code for them. */
export const FINDING_FORMATS = ['text', 'json', 'github', 'sarif'] as const;

/** One of {@link FINDING_FORMATS}. */
export type FindingFormat = (typeof FINDING_FORMATS)[number];
