/**
 * Severities, named as in the `logger` option of a qvm configuration.
 *
 * @stable
 */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/**
 * Receives messages of the engine and vdevs for the user. Implementations must not throw.
 *
 * @stable
 */
export interface Logger {
  /** Writes one line; the message has no line feed at its end. */
  log(level: LogLevel, message: string): void;
}

/**
 * A logger that drops everything.
 *
 * @stable
 */
export const silentLogger: Logger = { log: () => undefined };
