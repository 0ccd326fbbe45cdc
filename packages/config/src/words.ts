/** Severities that `logger` filters. They are a set, not a threshold. @experimental */
export const LOG_FILTERS = ['fatal', 'internal', 'error', 'warn', 'info', 'debug', 'verbose'] as const;

/** One of {@link LOG_FILTERS}. @experimental */
export type LogFilter = (typeof LOG_FILTERS)[number];

/** Destinations of `logger`. @experimental */
export const LOG_DESTINATIONS = ['stdout', 'stderr', 'slog', 'none'] as const;

/** One of {@link LOG_DESTINATIONS}. @experimental */
export type LogDestination = (typeof LOG_DESTINATIONS)[number];

/** Kinds of unsupported operations for which `unsupported` has a policy. @experimental */
export const UNSUPPORTED_KINDS = ['instruction', 'reference', 'register'] as const;

/** One of {@link UNSUPPORTED_KINDS}. @experimental */
export type UnsupportedKind = (typeof UNSUPPORTED_KINDS)[number];

/**
 * The policies of `unsupported`: end the VM, raise an exception in the guest, or continue (reads return all ones).
 *
 * @experimental
 */
export const UNSUPPORTED_POLICIES = ['abort', 'fail', 'ignore'] as const;

/** One of {@link UNSUPPORTED_POLICIES}. @experimental */
export type UnsupportedPolicy = (typeof UNSUPPORTED_POLICIES)[number];

/** When a host restarts a VM that has ended. @experimental */
export const RESTART_POLICIES = ['never', 'on-failure', 'always'] as const;

/** One of {@link RESTART_POLICIES}. @experimental */
export type RestartPolicy = (typeof RESTART_POLICIES)[number];

/** Whether `word` is one of `words`. */
export function isOneOf<W extends string>(word: string, words: readonly W[]): word is W {
  return (words as readonly string[]).includes(word);
}
