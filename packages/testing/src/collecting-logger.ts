import type { Logger, LogLevel } from '@qvm/core';

/**
 * A logger that stores its messages.
 *
 * @experimental
 */
export class CollectingLogger implements Logger {
  /** All messages, oldest first. */
  readonly entries: {
    /** Severity of the message. */
    readonly level: LogLevel;
    /** The message. */
    readonly message: string;
  }[] = [];

  log(level: LogLevel, message: string): void {
    this.entries.push({ level, message });
  }

  /** The messages of one level. */
  messages(level: LogLevel): readonly string[] {
    return this.entries.filter((entry) => entry.level === level).map((entry) => entry.message);
  }
}
